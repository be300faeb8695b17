"""What the participant's pages show, read from the device's local database alone."""

from collections.abc import Iterator
from dataclasses import dataclass

from couch.client import Database
from couch.documents import Device, Heartbeat, Location, Meter, PvSystem, Registration
from couch.errors import BadDocument

_HEARTBEAT = "heartbeat"


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


def read_heartbeat(replica: Database) -> Heartbeat | None:
    """What the agent last wrote of itself; None before its first cycle."""
    found = replica.local(_HEARTBEAT)
    try:
        return None if found is None else Heartbeat.from_json(found)
    except BadDocument:
        return None  # written by another version of the agent


def _range(replica: Database, prefix: str) -> Iterator[dict[str, object]]:
    return replica.documents(start=prefix, end=f"{prefix}\ufff0")
