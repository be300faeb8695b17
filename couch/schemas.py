"""A JSON Schema (draft 2020-12) of each document type, made from the models.

`python -m couch.schemas docs/schemas` writes them anew; a test keeps the files true. Unknown fields are
allowed everywhere: they survive a round trip.
"""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec

from couch import documents
from couch.documents.fields import UUID_PATTERN, Document, Fields, Json

_UUID = UUID_PATTERN.strip("^$")
_PSEUDONYM = "[0-9a-f]{32}"
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_HIDDEN = "__extra__"  # where the models keep unknown fields; in JSON these stand beside the known ones

# The form of each type's `_id`; its parts are fields of the document.
ID_FORMS: dict[str, str] = {
    "answer": f"answer:{_UUID}",
    "consent": "consent:(granted|revoked)",
    "context": f"context:{_PSEUDONYM}",
    "device": f"device:{_UUID}",
    "erased": f"erased:{_UUID}",
    "erasure": f"erasure:{_UUID}",
    "erasure_proof": f"proof:{_UUID}",
    "export": "export:[0-9a-f]{64}",
    "gap": f"gap:{_UUID}:{_TIME}",
    "heartbeat": f"heartbeat:{_UUID}",
    "household_summary": f"household:{_UUID}",
    "lease": "lease:[0-9]{3}",
    "location": "location",
    "measurement": f"measurement:{_UUID}:{_TIME}",
    "meter": f"meter:{_UUID}",
    "order": f"order:{_UUID}",
    "parked": f"parked:{_UUID}:.*",
    "pv_system": f"pv_system:{_UUID}",
    "registration": "registration",
    "report": f"report:{_UUID}",
    "reported": f"reported:{_UUID}:{_UUID}",
    "research_gap": f"gap:{_TIME}:{_PSEUDONYM}",
    "research_measurement": f"measurement:{_TIME}:{_PSEUDONYM}",
    "retry": f"retry:{_UUID}",
    "withdrawal": f"withdrawal:{_PSEUDONYM}",
    "worker": f"worker:{_UUID}",
}


def models() -> dict[str, type[Document]]:
    """Every document model by the name of its type."""
    found = (getattr(documents, name) for name in documents.__all__)
    classes = (
        item
        for item in found
        if isinstance(item, type) and issubclass(item, Document) and item is not Document
    )
    return dict(sorted((str(item.__struct_config__.tag), item) for item in classes))


def schema(kind: str) -> Json:
    """The JSON Schema of the document type `kind`. Raises KeyError for an unknown type."""
    model = models()[kind]
    raw = msgspec.json.schema(model)
    structs = {struct.__name__: struct for struct in _structs_in(model)}
    parts = {name: _tidy(part, structs[name]) for name, part in raw["$defs"].items() if name in structs}
    parts |= {name: part for name, part in raw["$defs"].items() if name not in structs}
    body = parts.pop(model.__name__)
    id_form = {"type": "string", "pattern": f"^{ID_FORMS[kind]}$"}
    body["properties"] = {
        "_id": id_form,
        "_rev": {"type": "string", "description": "set by the database"},
        **{name: part for name, part in body["properties"].items() if name != "_rev"},
    }
    body["required"] = ["_id", *body["required"]]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": kind}
    return {**head, **{key: value for key, value in body.items() if key != "title"}, "$defs": parts}


def _tidy(part: Json, struct: type[Fields]) -> Json:
    """Without the models' own key, and with times in the one form that this project writes."""
    properties = {name: value for name, value in part["properties"].items() if name != _HIDDEN}
    for field in msgspec.structs.fields(struct):
        if datetime in (field.type, *get_args(field.type)):
            properties[field.encode_name] = _time(properties[field.encode_name])
    return {**part, "properties": properties}


def _time(value: Json) -> Json:
    """A time's schema in the place of the plain text that the library says."""
    form = {"type": "string", "format": "date-time", "pattern": f"^{_TIME}$"}
    if "anyOf" in value:
        return {**value, "anyOf": [form if one == {"type": "string"} else one for one in value["anyOf"]]}
    return {**value, **form}


def _structs_in(annotation: Any) -> Iterator[type[Fields]]:
    """The models that an annotation speaks of, and those inside them."""
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, Fields):
        yield annotation
        for field in msgspec.structs.fields(annotation):
            yield from _structs_in(field.type)
    for part in get_args(annotation):
        yield from _structs_in(part)


def text_of(kind: str) -> str:
    """The schema as its file holds it."""
    return json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"


def write(folder: Path) -> list[Path]:
    """Write `<type>.json` of every type into `folder`; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in models():
        path = folder / f"{kind}.json"
        path.write_text(text_of(kind), encoding="utf-8")
        written.append(path)
    return written


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/schemas"))
