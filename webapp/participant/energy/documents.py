"""Measurements of the replica as the energy pages need them: by slot, by stretch, and the nearest."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from couch.client import Database
from couch.clock import SLOT
from couch.documents import Json, Measurement, stamp
from couch.errors import BadDocument

_DESIGN, _BY_SLOT = "page", "measurements_by_meter_slot"


def at_slots(replica: Database, wanted: Iterable[tuple[str, datetime]]) -> Iterator[Measurement]:
    """Those of these meters' slots that are stored."""
    keys = [_id(meter, slot) for meter, slot in wanted]
    return _readable(replica.documents(keys=keys)) if keys else iter(())


def from_slot_to(
    replica: Database, meter: str, first: datetime, last: datetime, *, page: int = 1000
) -> Iterator[Measurement]:
    """The stored slots from `first` to `last` (both belong to it), oldest first."""
    return _readable(replica.documents(start=_id(meter, first), end=_id(meter, last), page=page))


def last_before(replica: Database, meter: str, start: datetime, end: datetime) -> Measurement | None:
    """The latest of the slots from `start` up to but without `end`."""
    rows = replica.view(
        _DESIGN,
        _BY_SLOT,
        descending=True,
        start_key=[meter, stamp(end - SLOT)],
        end_key=[meter, stamp(start)],
        include_docs=True,
        limit=1,
    )
    return next(_readable([row.doc for row in rows if row.doc is not None]), None)


def first_from(replica: Database, meter: str, start: datetime, end: datetime) -> Measurement | None:
    """The earliest of the slots from `start` up to but without `end`."""
    return next(from_slot_to(replica, meter, start, end - SLOT, page=1), None)


def _readable(docs: Iterable[Json]) -> Iterator[Measurement]:
    for doc in docs:
        try:
            yield Measurement.from_json(doc)
        except BadDocument:
            continue  # one odd document must not cost the reader the others


def _id(meter: str, slot: datetime) -> str:
    return f"measurement:{meter}:{stamp(slot)}"
