"""What the centre knows of one household besides its readings: a value, read in a few short ranges."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from couch.client import Database
from couch.documents import (
    GRANTED_ID,
    REVOKED_ID,
    Consent,
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

D = TypeVar("D", bound=Document)
OnBad = Callable[[Json, BadDocument], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdFacts:
    """The documents of a household in the order of their ids; None or left out: absent or unreadable."""

    registration: Registration | None = None
    location: Location | None = None
    pv_systems: tuple[PvSystem, ...] = ()
    meters: tuple[Meter, ...] = ()
    devices: tuple[Device, ...] = ()
    heartbeats: tuple[Heartbeat, ...] = ()
    granted: Consent | None = None
    revoked: Consent | None = None


def read_facts(database: Database, on_bad: OnBad) -> HouseholdFacts:
    """The facts that stand in `database` now; `on_bad` gets each document that breaks its model.

    Raises CouchError.
    """

    def those(model: type[D], docs: Iterable[Json]) -> tuple[D, ...]:
        found = []
        for doc in docs:
            try:
                found.append(model.from_json(doc))
            except BadDocument as err:
                on_bad(doc, err)
        return tuple(found)

    def one(model: type[D], doc_id: str) -> D | None:
        doc = database.find(doc_id)
        return next(iter(those(model, [] if doc is None else [doc])), None)

    def below(model: type[D], prefix: str) -> tuple[D, ...]:
        # ";" follows ":" in the byte order of ids
        return those(model, database.documents(start=f"{prefix}:", end=f"{prefix};"))

    return HouseholdFacts(
        registration=one(Registration, "registration"),
        location=one(Location, "location"),
        pv_systems=below(PvSystem, "pv_system"),
        meters=below(Meter, "meter"),
        devices=below(Device, "device"),
        heartbeats=below(Heartbeat, "heartbeat"),
        granted=one(Consent, GRANTED_ID),
        revoked=one(Consent, REVOKED_ID),
    )
