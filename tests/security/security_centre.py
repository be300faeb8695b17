"""The centre of a world: its engine, with a household in each standing."""

import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from security_authority import Member

from couch import names
from couch.bootstrap import closed_security, ensure_database, household_security, raise_consent
from couch.client import Database, Server
from couch.documents import (
    Author,
    Consent,
    ConsentState,
    Device,
    HouseholdSummary,
    Location,
    Measurement,
    Meter,
    PvSystem,
    Reading,
    TimeProvenance,
)
from couch.documents.household import Address, Contact, Metadata, Registration
from couch.errors import NotFound
from webapp.gateway.tokens import mint

SLOT = datetime(2026, 6, 30, 12, tzinfo=UTC)
_SYSTEM = ("_users", "_replicator")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The database of a world: its address on loopback, its administrator, the key of its tokens."""

    url: str
    user: str
    password: str
    key: bytes

    def admin(self) -> Server:
        return Server(self.url, user=self.user, password=self.password)

    def role(self, *roles: str) -> Server:
        """A connection with these roles."""
        return Server(self.url, token=lambda: mint("security-tests", roles, self.key, int(time.time())))


@dataclass
class Centre:
    """Households by name, written into an engine; removed again by `close`."""

    engine: Engine
    members: dict[str, Member] = field(
        default_factory=lambda: {
            name: Member() for name in ("own", "other", "withdrawn", "waiting", "erased")
        }
    )

    def __post_init__(self) -> None:
        self.server = self.engine.admin()
        self._mine: list[str] = []
        with self.engine.role(names.WORKER) as worker:
            for name, member in self.members.items():
                self._household(worker, name, member)
        self._central()

    def database(self, name: str) -> Database:
        return self.server.database(names.household_database(self.members[name].household))

    def state(self) -> tuple[Any, ...]:
        """What no attempt may change: which databases there are, what is in them, who may enter."""
        request = self.server.transport.request
        found: list[Any] = [tuple(request("GET", "_all_dbs"))]
        for name in [*self._mine, *_SYSTEM]:
            info = request("GET", name)
            found.append((name, info["doc_count"], info["doc_del_count"], _number(info["update_seq"])))
        for name in self.members:
            found.append(self.database(name).security())
        return tuple(found)

    def close(self) -> None:
        for name in self._mine:
            self.server.delete_database(name)
        registry = self.server.database(names.REGISTRY)
        for name in self.members:
            try:
                stored = registry.find(f"household:{self.members[name].household}")
            except NotFound:
                break
            if stored is not None:
                registry.delete(stored["_id"], stored["_rev"])
        self.server.close()

    def _household(self, worker: Server, name: str, member: Member) -> None:
        database = names.household_database(member.household)
        self._mine.append(database)
        ensure_database(self.server, database, "household", household_security(member.household))
        documents = worker.database(database)
        if name == "erased":
            security = self.server.database(database).security()
            self.server.database(database).set_security(
                {**security, "consent": {"state": "revoked", "erased": True}}
            )
            return
        for document in _documents(name, member):
            documents.put(document.to_json())
        if name in ("own", "other", "withdrawn"):
            raise_consent(self.server.database(database), ConsentState.GRANTED)
            with self._as_device(member) as device:
                device.database(database).put(_consent(member).to_json())
                device.database(database).put(_measurement(member).to_json())
        if name == "withdrawn":
            raise_consent(self.server.database(database), ConsentState.REVOKED)

    def _as_device(self, member: Member) -> Server:
        return self.engine.role(*names.device_roles(member.household, member.device))

    def _central(self) -> None:
        members = [names.RESEARCHER, names.ADMINISTRATOR]
        if not self.server.database(names.REGISTRY).exists():
            self._mine.append(names.REGISTRY)
        registry = ensure_database(self.server, names.REGISTRY, "registry", closed_security(members))
        other = self.members["other"]
        registry.put(
            HouseholdSummary(
                household=other.household,
                pseudonym=uuid.uuid4().hex,
                name=person("other"),
                email=email("other"),
            ).to_json()
        )
        if not self.server.database("research-2026-06").exists():
            self._mine.append("research-2026-06")
            ensure_database(self.server, "research-2026-06", "month", closed_security([names.ANALYST]))


def person(household: str) -> str:
    """The name that stands in a household's registration: it must come out of no door but its own."""
    return f"Canary {household.title()} Lovelace"


def email(household: str) -> str:
    return f"canary.{household}@example.org"


def _documents(name: str, member: Member) -> tuple[Any, ...]:
    return (
        Registration(
            contact=Contact(name=person(name), email=email(name)),
            address=Address(street="Musterweg", postal_code="24103", city="Kiel"),
            metadata=Metadata(
                children=1, adults=2, adults_with_job=2, ev_charger=True, heat_pump=False, home_battery=True
            ),
        ),
        Location(latitude=54.3, longitude=10.1, source="manual"),
        Device(device=member.device, name="cellar", meters=(member.meter,)),
        Meter(meter=member.meter, meter_type="PV_GENERATION", model="MT175", device=member.device),
        PvSystem(
            pv_system=str(uuid.uuid4()),
            nominal_power_kw=8.4,
            azimuth_deg=180,
            tilt_deg=35,
            installed_on=date(2021, 5, 1),
            meters=(member.meter,),
        ),
    )


def _consent(member: Member) -> Consent:
    return Consent(state="granted", at=SLOT, by=Author(role="participant", device=member.device))


def _measurement(member: Member) -> Measurement:
    return Measurement(
        meter=member.meter,
        measured_at=SLOT,
        slot=SLOT,
        device=member.device,
        data=(Reading(obis="0100010800ff", value=4711, scaler=-1, unit="Wh"),),
        time=TimeProvenance(source="synchronized"),
    )


def _number(sequence: Any) -> str:
    """CouchDB's opaque sequences differ from answer to answer; their first part counts."""
    return str(sequence).partition("-")[0]
