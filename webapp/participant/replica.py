"""What the participant's pages show, read from the device's local database alone."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from couch.client import Database
from couch.documents import (
    Device,
    Document,
    Heartbeat,
    Json,
    Location,
    Meter,
    PvSystem,
    Registration,
)
from couch.errors import BadDocument

_HEARTBEAT = "heartbeat"
_log = logging.getLogger(__name__)
D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True)
class Household:
    """What the centre registered, as far as it has arrived; `unreadable`: how many records this version of
    the page cannot understand.
    """

    registration: Registration | None
    location: Location | None
    pv_systems: tuple[PvSystem, ...]
    meters: tuple[Meter, ...]
    devices: tuple[Device, ...]
    unreadable: int = 0


def read_household(replica: Database) -> Household:
    """What there is; a record that cannot be understood does not cost the reader the others."""
    faults: list[BadDocument] = []
    singles = [replica.find("registration")], [replica.find("location")]
    registration, location = (tuple(doc for doc in found if doc is not None) for found in singles)
    household = Household(
        next(_readable(Registration, registration, faults), None),
        next(_readable(Location, location, faults), None),
        tuple(_readable(PvSystem, _range(replica, "pv_system:"), faults)),
        tuple(_readable(Meter, _range(replica, "meter:"), faults)),
        tuple(_readable(Device, _range(replica, "device:"), faults)),
    )
    for fault in faults:
        _log.warning("the registration is shown without a record: %s", fault)
    return replace(household, unreadable=len(faults))


def read_heartbeat(replica: Database) -> Heartbeat | None:
    """What the agent last wrote of itself; None before its first cycle."""
    found = replica.local(_HEARTBEAT)
    try:
        return None if found is None else Heartbeat.from_json(found)
    except BadDocument:
        return None  # written by another version of the agent


def _readable(model: type[D], docs: Iterable[Json], faults: list[BadDocument]) -> Iterator[D]:
    for doc in docs:
        try:
            yield model.from_json(doc)
        except BadDocument as err:
            faults.append(err)


def _range(replica: Database, prefix: str) -> Iterator[Json]:
    return replica.documents(start=prefix, end=f"{prefix}\ufff0")
