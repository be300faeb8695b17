"""The centre of a world: its engine with households, its pages process, its accounts, its authority's gateway."""

import os
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from security_authority import EMAIL, PAGES_NAME, Authority, Member
from waitress.server import create_server

from couch import names
from couch.bootstrap import closed_security, ensure_database, household_security, raise_consent
from couch.client import Database, Server
from couch.clock import Clock
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
from provisioning.enrolment import Enrolment
from provisioning.enrolment_households import CentralHouseholds
from webapp.accounts.accounts_file import AccountsFile
from webapp.accounts.directory import Directory
from webapp.accounts.door import AccountDoor
from webapp.accounts.passwords import Passwords
from webapp.accounts.services import AccountServices
from webapp.accounts.sessions import AccountSessions
from webapp.api.blueprint import api_blueprint
from webapp.api.device_connections import DeviceConnections
from webapp.api.services import ApiServices
from webapp.centre import centre_site
from webapp.centre_services import CentreServices
from webapp.connections import PerThread
from webapp.enrolment.endpoints import enrolment_blueprint
from webapp.enrolment.services import EnrolmentServices
from webapp.factory import create_app
from webapp.gateway.blueprint import gateway_blueprint
from webapp.gateway.gateway import Gateway
from webapp.gateway.standing import Standings
from webapp.gateway.tokens import Mint, mint
from webapp.moments import zone_named

KEPT_S = 0.3  # how long the gateway remembers a standing here; a test of its own looks at the real one
SLOT = datetime(2026, 6, 30, 12, tzinfo=UTC)
PASSWORDS = {
    "rita": "researchers secret words 1",
    "alan": "analysts secret words 22",
    "dora": "disabled persons words 333",
    "tess": "turning persons words 4444",
}
_ROLES = {"rita": "researcher", "alan": "analyst", "dora": "administrator", "tess": "researcher"}
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
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
        default_factory=lambda: {name: Member() for name in ("own", "other", "withdrawn", "waiting", "erased")}
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
                household=other.household, pseudonym=uuid.uuid4().hex, name=person("other"), email=email("other")
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


class Accounts(Passwords):
    """Personal accounts with cheap passwords, over one file."""

    def __init__(self, file: Path) -> None:
        super().__init__(_CHEAP)
        self.file = AccountsFile(file)
        self.directory = Directory(self.file)
        self.links: dict[str, str] = {}
        for name, password in PASSWORDS.items():
            self.links[name] = self.directory.add(name, [_ROLES[name]], valid_s=3600).token
            self.directory.use_link(self.links[name], self.hashed(password))
        self.directory.disable("dora")
        self.links["expired"] = self.directory.add("late", ["analyst"], valid_s=-1).token
        self.links["open"] = self.directory.add("new", ["analyst"], valid_s=3600).token
        self.services = AccountServices(
            directory=self.directory,
            sessions=AccountSessions(self.file, 1800, 8 * 3600),
            passwords=self,
            door=AccountDoor(self.directory, self),
        )

    def state(self) -> tuple[Any, ...]:
        """Who there is, with which roles and which password."""
        return tuple((one.name, one.roles, one.disabled, one.password_hash) for one in self.directory.all())


class PagesProcess:
    """The centre's web process on loopback: pages, REST API, enrolment, and the question of nginx."""

    def __init__(
        self,
        engine: Engine,
        authority: Authority,
        accounts: Accounts,
        gateway: Gateway,
        secret: bytes,
        cookie_secret: bytes,
        *,
        behind_proxy: bool,
    ) -> None:
        enrolment = Enrolment(
            authority.issuing, authority.store, CentralHouseholds(lambda: engine.role(names.WORKER))
        )
        services = CentreServices(
            server=PerThread(lambda: engine.role(names.RESEARCHER, names.ANALYST)),
            accounts=accounts.services,
            clock=Clock(),
            timezone=zone_named(None),
        )
        machines = (
            api_blueprint(
                ApiServices(
                    household=DeviceConnections(engine.url, Mint(engine.key), timeout_s=30),
                    registry=lambda: services.server().database(names.REGISTRY),
                    proxy_secret=secret,
                    clock=Clock(),
                )
            ),
            enrolment_blueprint(
                EnrolmentServices(
                    enrol=enrolment.enrol,
                    renew=enrolment.renew,
                    come_back=enrolment.come_back,
                    proxy_secret=secret,
                )
            ),
            gateway_blueprint(gateway.authorize, secret),
        )
        app = create_app(
            centre_site(services, machines),
            secret=cookie_secret,
            cookie="survey_centre",
            names=(PAGES_NAME,),
            https=behind_proxy,
        )
        # As webapp.serving does it, but in this process.
        proxy = {"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": {"x-forwarded-for"}}
        self._server = create_server(
            app,
            host="127.0.0.1",
            port=0,
            threads=4,
            ident=None,
            max_request_body_size=128 * 1024,
            clear_untrusted_proxy_headers=True,
            **(proxy if behind_proxy else {}),
        )
        self.port = int(self._server.effective_port)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._server.run()
        except OSError:
            if not self._closing:
                raise

    _closing = False

    def close(self) -> None:
        self._closing = True
        self._server.close()
        self._thread.join(10)


def gateway_of(engine: Engine, authority: Authority) -> Gateway:
    """The gateway that remembers standings for a moment only, so that tests need not wait."""
    connection = PerThread(engine.admin)
    records = authority.issuing.records

    def security(household: str) -> Any:
        return connection().database(names.household_database(household)).security()

    standings = Standings(
        verdict=lambda facts: records.judge(facts).value, security=security, kept_s=KEPT_S
    )
    return Gateway(standings, Mint(engine.key))


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
