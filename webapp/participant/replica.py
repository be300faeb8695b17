"""What the participant's pages show, read from the device's local database alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from couch.client import Database
from couch.clock import SLOT, slot_of
from couch.documents import Device, Heartbeat, Location, Measurement, Meter, PvSystem, Registration, stamp
from couch.errors import BadDocument

WINDOW = timedelta(hours=24)
_DESIGN, _LATEST = "page", "latest_slot_by_meter"
_HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class MeterView:
    """A meter with its measurements of the last 24 hours before its newest, oldest first."""

    meter: str
    about: Meter | None  # None: measured, but not (or no longer) registered
    measurements: tuple[Measurement, ...]

    @property
    def latest(self) -> Measurement | None:
        return self.measurements[-1] if self.measurements else None

    @property
    def meter_type(self) -> str:
        return self.about.meter_type if self.about else "ELECTRICITY"

    @property
    def generates(self) -> bool:
        return self.meter_type == "PV_GENERATION"


@dataclass(frozen=True, slots=True)
class Household:
    """What the centre registered, as far as it has arrived."""

    registration: Registration | None
    location: Location | None
    pv_systems: tuple[PvSystem, ...]
    meters: tuple[Meter, ...]
    devices: tuple[Device, ...]


def read_household(replica: Database) -> Household:
    """Raises BadDocument where a stored document breaks its model."""
    registration, location = replica.find("registration"), replica.find("location")
    return Household(
        None if registration is None else Registration.from_json(registration),
        None if location is None else Location.from_json(location),
        tuple(PvSystem.from_json(doc) for doc in _range(replica, "pv_system:")),
        tuple(Meter.from_json(doc) for doc in _range(replica, "meter:")),
        tuple(Device.from_json(doc) for doc in _range(replica, "device:")),
    )


def read_meters(replica: Database, now: datetime) -> list[MeterView]:
    """Every meter that is registered or was measured, registered ones first."""
    registered = {meter.meter: meter for meter in (Meter.from_json(doc) for doc in _range(replica, "meter:"))}
    newest = {row.key: row.value for row in replica.view(_DESIGN, _LATEST, group=True)}
    views = []
    for meter in [*registered, *sorted(newest.keys() - registered.keys())]:
        last = datetime.fromtimestamp(newest[meter]["max"], now.tzinfo) if meter in newest else None
        measurements = tuple(read_window(replica, meter, last)) if last else ()
        views.append(MeterView(meter, registered.get(meter), measurements))
    return views


def read_window(replica: Database, meter: str, last: datetime) -> Iterator[Measurement]:
    """The measurements of a meter in the 24 hours that end with slot `last`; unreadable ones are left out."""
    first = slot_of(last) - WINDOW + SLOT
    prefix = f"measurement:{meter}:"
    for doc in replica.documents(start=prefix + stamp(first), end=prefix + stamp(last)):
        try:
            yield Measurement.from_json(doc)
        except BadDocument:
            continue  # one odd document must not cost the reader the others


def read_heartbeat(replica: Database) -> Heartbeat | None:
    """What the agent last wrote of itself; None before its first cycle."""
    found = replica.local(_HEARTBEAT)
    try:
        return None if found is None else Heartbeat.from_json(found)
    except BadDocument:
        return None  # written by another version of the agent


def _range(replica: Database, prefix: str) -> Iterator[dict[str, object]]:
    return replica.documents(start=prefix, end=f"{prefix}\ufff0")
