"""The household's meters as the measurements' pages tell them apart: which are read here, which elsewhere."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from couch.client import Database
from couch.documents import Device, Json, Meter
from couch.errors import BadDocument

_DESIGN, _SLOTS = "page", "latest_slot_by_meter"


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
    slots = {row.key: row.value for row in replica.view(_DESIGN, _SLOTS, group=True)}
    kinds = Counter((one.meter_type, one.model) for one in registered)
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for one in sorted(registered, key=lambda one: (one.meter_type, one.model, one.meter)):
        kind = (one.meter_type, one.model)
        seen[kind] += 1
        stored = slots.pop(one.meter, None)
        elsewhere = stored is None and one.device is not None and one.device != device
        found.append(
            KnownMeter(
                one.meter,
                one,
                seen[kind] if kinds[kind] > 1 else 0,
                _moment(stored, "min"),
                _moment(stored, "max"),
                names.get(one.device or "", "?") if elsewhere else "",
            )
        )
    for number, (meter, stored) in enumerate(sorted(slots.items()), start=1):
        alone = len(slots) == 1
        first, last = _moment(stored, "min"), _moment(stored, "max")
        found.append(KnownMeter(meter, None, 0 if alone else number, first, last))
    return tuple(found)


def _moment(stored: Json | None, end: str) -> datetime | None:
    return None if stored is None else datetime.fromtimestamp(stored[end], UTC)


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
