"""Which values of a document say who a household is: all but those listed here as saying nothing.

So a field that is added some day, or that a foreign program wrote into a tombstone, is looked for as well.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from couch.documents.fields import Json

# What names only roles, states, models, or things by their uuids, or is meant to outlive a revocation.
_STAYS = frozenset(
    {
        *("type", "source", "state", "role", "at", "by", "consent", "anonymized", "erased", "signature"),
        *("household", "device", "devices", "meter", "meters", "pv_system", "order", "pseudonym"),
        *("meter_type", "model", "certificate_serial", "desired_release", "request", "metadata"),
        *("azimuth_deg", "tilt_deg", "granted_at", "revoked_at", "last_slot"),
    }
)
_NAMELESS = ("measurement:", "gap:", "heartbeat:", "consent:", "erased:", "_design/")
_ANCHOR = re.compile(r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}")
_TEXT_ALONE = 6  # bytes; a shorter one turns up by chance
_NUMBER_ALONE = 7  # digits and point


@dataclass(frozen=True, slots=True)
class Identifying:
    """A value that identifies: `name` is its field's, `run` the members around it in their stored order.

    `alone`: it is looked for by itself. Else (a town, a house number, a whole number) it would turn up by
    chance or belongs to many, and only together with its neighbours, the run, does it say who it is.
    """

    name: str
    value: str | float
    alone: bool
    run: tuple[tuple[str, str | float], ...]


def may_identify(doc_id: str) -> bool:
    """Whether a household's document can name anybody; readings, consents and confirmations cannot."""
    return not doc_id.startswith(_NAMELESS)


def identifying_values(doc: Json) -> Iterator[Identifying]:
    """Every value in a document, at any depth, that says who or where the household is."""
    yield from _in_object({key: value for key, value in doc.items() if not key.startswith("_")})


def _in_object(members: Json, name: str = "") -> Iterator[Identifying]:
    stretch: list[tuple[str, str | float]] = []
    for key, value in [*members.items(), ("", None)]:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            stretch.append((key, value))
            continue
        yield from _in_stretch(stretch)
        stretch = []
        if key not in _STAYS or key == "devices":
            yield from _in_value(value, key or name)


def _in_value(value: Any, name: str) -> Iterator[Identifying]:
    if isinstance(value, dict):
        yield from _in_object(value, name)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, str) and _stands_alone(item) and not _ANCHOR.match(item):
                yield Identifying(name, item, True, ())
            else:
                yield from _in_value(item, name)


def _in_stretch(stretch: list[tuple[str, str | float]]) -> Iterator[Identifying]:
    wanted = [
        index
        for index, (key, value) in enumerate(stretch)
        if key not in _STAYS and value != "" and not _is_anchor(value)
    ]
    if not wanted:
        return
    first, last = wanted[0], wanted[-1]
    # A uuid on the way to it makes the run this household's alone.
    first = max((index for index in range(first) if _is_anchor(stretch[index][1])), default=first)
    run = tuple(stretch[first : last + 1])
    for index in wanted:
        key, value = stretch[index]
        yield Identifying(key, value, _stands_alone(value), run)


def _is_anchor(value: str | float) -> bool:
    return isinstance(value, str) and _ANCHOR.match(value) is not None


def _stands_alone(value: str | float) -> bool:
    if isinstance(value, str):
        distinct = len(value.encode()) >= _TEXT_ALONE and not value.isdigit() and not _DAY.match(value)
        return distinct and not _ANCHOR.match(value)
    return isinstance(value, float) and len(repr(abs(value))) >= _NUMBER_ALONE
