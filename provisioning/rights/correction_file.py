"""The file that says what is to be corrected (art. 16 GDPR): the fields that change, no others.

    [contact]                    [pv_systems."<uuid>"]
    email = "ada@example.org"    nominal_power_kw = 8.2

Tables `contact`, `address`, `metadata`, `location`; `pv_systems`, `meters`, `devices` by uuid.
"""

import json
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from couch.documents import (
    Address,
    Contact,
    Device,
    Document,
    Fields,
    Json,
    Location,
    Metadata,
    Meter,
    PvSystem,
    Registration,
)
from couch.errors import BadDocument, Fault

_REGISTRATION: Mapping[str, type[Fields]] = MappingProxyType(
    {"contact": Contact, "address": Address, "metadata": Metadata}
)
_PARTS: Mapping[str, tuple[str, type[Document]]] = MappingProxyType(
    {"pv_systems": ("pv_system", PvSystem), "meters": ("meter", Meter), "devices": ("device", Device)}
)
_OURS = frozenset({"extra", "rev", "certificate_serial", "desired_release"})  # not facts about anybody
_MODELS: Mapping[str, type[Document]] = MappingProxyType(
    {
        "registration": Registration,
        "location": Location,
        "pv_system": PvSystem,
        "meter": Meter,
        "device": Device,
    }
)


def read_corrections(path: Path) -> dict[str, Json]:
    """What changes in which document: ids, and in each the members with their new values.

    Raises Fault, which names every fault.
    """
    faults: list[str] = []
    found: dict[str, Json] = {}
    for name, value in _table(path).items():
        if not isinstance(value, dict):
            faults.append(f"{name}: it takes a table, for example [{name}]")
        elif name in _REGISTRATION:
            found.setdefault("registration", {})[name] = _known(name, value, _REGISTRATION[name], (), faults)
        elif name == "location":
            found["location"] = _known(name, value, Location, (), faults)
        elif name in _PARTS:
            kind, model = _PARTS[name]
            for uuid, fields in value.items():
                if isinstance(fields, dict):
                    found[f"{kind}:{uuid}"] = _known(f"{name}.{uuid}", fields, model, (kind,), faults)
                else:
                    faults.append(f'{name}.{uuid}: it takes a table, for example [{name}."<uuid>"]')
        else:
            faults.append(f"{name}: it is none of {', '.join(sorted([*_REGISTRATION, 'location', *_PARTS]))}")
    if faults:
        raise Fault(f"{path} cannot be used: {'; '.join(faults)}. Nothing was changed.")
    if not found:
        raise Fault(f"{path} corrects nothing. Give at least one field, for example [contact] email.")
    return found


def corrected(stored: Json, change: Json) -> Json:
    """`stored` with the new values; objects inside are completed, not replaced. Raises BadDocument."""
    doc = dict(stored)
    for name, value in change.items():
        inside = doc.get(name)
        doc[name] = {**inside, **value} if isinstance(inside, dict) and isinstance(value, dict) else value
    model = _MODELS.get(str(stored.get("type")))
    if model is None:
        raise BadDocument(str(stored.get("_id")), "type", "it is nothing that a researcher corrects")
    model.from_json(doc)
    return doc


def _known(name: str, given: Json, model: type[Fields], ids: tuple[str, ...], faults: list[str]) -> Json:
    known = set(model.__struct_fields__) - _OURS - set(ids)
    faults += [f"{name}.{key}: it is none of {', '.join(sorted(known))}" for key in given if key not in known]
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in given.items()}


def _table(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as err:
        why = (err.strerror or type(err).__name__).lower()
        raise Fault(f"{path} cannot be read: {why}. Give a TOML or JSON file with what changes.") from err
    except ValueError as err:
        raise Fault(f"{path} is neither TOML nor JSON: {err}. Nothing was changed.") from err
    if not isinstance(table, dict):
        raise Fault(f"{path} holds no object at its top. Nothing was changed.")
    return table
