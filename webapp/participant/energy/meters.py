"""The household's meters as the measurements' pages tell them apart: which are read here, which elsewhere."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from couch.client import Database
from couch.clock import from_rfc3339
from couch.documents import Device, Json, Meter
from couch.errors import BadDocument

_DESIGN, _SLOTS = "page", "measurements_by_meter_slot"


Span = tuple[datetime | None, datetime | None]  # first and last slot
_NOTHING: Span = (None, None)


@dataclass(frozen=True, slots=True)
class KnownMeter:
    """A meter. `first` and `last`: the slots of its measurements here, None: there are none.

    `number` tells meters of one kind and model apart, 0 where it is the only one. `elsewhere`: the name of
    the other device that reads it, whose measurements are not here; empty: it is read here, or by none yet.
    """

    meter: str
    about: Meter | None  # None: measured, but not (or no longer) registered
    number: int = 0
    first: datetime | None = None
    last: datetime | None = None
    elsewhere: str = ""

    @property
    def generates(self) -> bool:
        return self.about is not None and self.about.meter_type == "PV_GENERATION"

    @property
    def here(self) -> bool:
        """Whether this device holds measurements of it."""
        return self.last is not None

    def measured_in(self, start: datetime, end: datetime) -> bool:
        """Whether a measurement of it may lie in this stretch."""
        return self.first is not None and self.last is not None and self.first < end and start <= self.last


def read_known_meters(replica: Database, device: str | None = None) -> tuple[KnownMeter, ...]:
    """Every meter that is registered or was measured here, electricity meters first.

    `device` is this one; without it a registered meter that was never measured here counts as another's.
    """
    registered = list(_meters(_range(replica, "meter:")))
    names = _device_names(_range(replica, "device:"))
    slots = read_spans(replica)
    kinds = Counter((one.meter_type, one.model) for one in registered)
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for one in sorted(registered, key=lambda one: (one.meter_type, one.model, one.meter)):
        kind = (one.meter_type, one.model)
        seen[kind] += 1
        stored = slots.pop(one.meter, _NOTHING)
        elsewhere = stored is _NOTHING and one.device is not None and one.device != device
        found.append(
            KnownMeter(
                one.meter,
                one,
                seen[kind] if kinds[kind] > 1 else 0,
                *stored,
                names.get(one.device or "", "?") if elsewhere else "",
            )
        )
    for number, (meter, stored) in enumerate(sorted(slots.items()), start=1):
        alone = len(slots) == 1
        found.append(KnownMeter(meter, None, 0 if alone else number, *stored))
    return tuple(found)


def read_spans(replica: Database) -> dict[str, Span]:
    """First and last slot of every meter of which a measurement is stored.

    Each is looked up at an end of the view: two rows a meter, however many it has.
    """
    found: dict[str, Span] = {}
    after: list[object] = []
    while row := next(replica.view(_DESIGN, _SLOTS, start_key=after, end_key=[{}], limit=1), None):
        meter, first = row.key
        after = [meter, {}]
        (last,) = replica.view(_DESIGN, _SLOTS, start_key=after, end_key=[meter], descending=True, limit=1)
        found[meter] = from_rfc3339(first), from_rfc3339(last.key[1])
    return found


def _range(replica: Database, prefix: str) -> Iterator[Json]:
    return replica.documents(start=prefix, end=f"{prefix}\ufff0")


def _meters(docs: Iterable[Json]) -> Iterator[Meter]:
    for doc in docs:
        try:
            yield Meter.from_json(doc)
        except BadDocument:
            continue  # it is named as a meter that is not registered


def _device_names(docs: Iterable[Json]) -> dict[str, str]:
    names = {}
    for doc in docs:
        try:
            device = Device.from_json(doc)
        except BadDocument:
            continue
        names[device.device] = device.name
    return names
