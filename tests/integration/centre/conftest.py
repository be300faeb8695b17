"""A centre on the database under test, and households in it: what the tests of worker and isolation share."""

import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from anonymizer.connections import Centre
from anonymizer.pseudonyms import Pseudonyms, load_pseudonyms
from anonymizer.service import make_worker
from anonymizer.worker import Worker
from couch.bootstrap import ensure_database, household_security
from couch.centre_settings import CentreSettings
from couch.client import Database, Server
from couch.clock import Clock
from couch.documents import (
    Address,
    Author,
    Consent,
    Contact,
    ContextLocation,
    Device,
    Document,
    Json,
    Location,
    Measurement,
    Metadata,
    Meter,
    PvSystem,
    Reading,
    Registration,
    TimeProvenance,
)
from couch.errors import Fault
from couch.names import REGISTRY, RESEARCH, device_roles, household_database
from couch.settings import Account, Endpoint, Secret
from provisioning.centre_setup import set_up_centre

START = datetime(2025, 6, 30, 23, 0, tzinfo=UTC)  # an hour before a month ends
SLOT = timedelta(minutes=15)
WITHIN_S = 30
OURS = (REGISTRY, RESEARCH)


@dataclass
class Household:
    """One household: its database as the administrator, the worker and its device see it."""

    uuid: str
    device: str
    meter: str
    admin: Database
    worker: Database
    as_device: Database

    def measurement(self, slot: int, value: int | None = None) -> Measurement:
        """The measurement of the `slot`-th slot after START."""
        at = START + slot * SLOT
        return Measurement(
            meter=self.meter,
            measured_at=at + timedelta(seconds=3),
            slot=at,
            device=self.device,
            data=(
                Reading(
                    obis="0100010800ff", value=1000 + slot if value is None else value, scaler=-1, unit="Wh"
                ),
            ),
            time=TimeProvenance(source="synchronized", boot="boot-8f1c"),
        )

    def measure(self, slots: Sequence[int]) -> None:
        """The device pushes these slots."""
        results = self.as_device.bulk([self.measurement(slot).to_json() for slot in slots])
        assert [result.error for result in results] == [None] * len(slots), results

    def consent(self, state: str, at: datetime = START) -> None:
        """The participant decides, and the device pushes that."""
        assert state in ("granted", "revoked")
        by = Author(role="participant", device=self.device)
        self.as_device.put(
            Consent(state="granted" if state == "granted" else "revoked", at=at, by=by).to_json()
        )

    def push_forged(self, doc: Json, rev: str) -> None:
        """Write a revision under a number of the device's choice, as a replicator would."""
        generation, _, digest = rev.partition("-")
        forged = {**doc, "_rev": rev, "_revisions": {"start": int(generation), "ids": [digest]}}
        assert self.as_device.bulk([forged], new_edits=False) == []


@dataclass
class FakeDraw:
    """Draws north-west of the place, never the same twice; refuses while it is told to."""

    refusal: Fault | None = None
    drawn: list[ContextLocation] = field(default_factory=list)

    def __call__(self, exact: ContextLocation) -> ContextLocation:
        if self.refusal is not None:
            raise self.refusal
        north = 0.05 + len(self.drawn) / 10_000
        self.drawn.append(
            ContextLocation(
                latitude=round(exact.latitude + north, 6),
                longitude=round(exact.longitude - north, 6),
                anonymized=True,
            )
        )
        return self.drawn[-1]


@dataclass
class RunningCentre:
    """The centre's databases with one connection as each account, for the test's own thread."""

    settings: CentreSettings
    admin: Server
    worker: Server
    pseudonyms: Pseudonyms
    households: list[str] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    servers: list[Server] = field(default_factory=list)
    spare: list[str] = field(default_factory=list)  # uuids of households to come
    device: str = ""
    device_server: Server | None = None
    draw: FakeDraw = field(default_factory=FakeDraw)

    def connect(self) -> Centre:
        return Centre(self.settings.admin_server(), self.settings.worker_server())

    def new_worker(self) -> Worker:
        return make_worker(self.settings, self.pseudonyms, self.connect, Clock(), self.draw)

    def take(self, household: Household) -> Worker:
        """A worker that starts, takes what this household has and ends."""
        worker = self.new_worker()
        worker.backlog.add(household.uuid)
        assert worker.drain(threading.Event()) == 0
        return worker

    @contextmanager
    def following(self) -> Iterator[Worker]:
        """A worker that follows the feeds in a thread of its own."""
        worker, stop = self.new_worker(), threading.Event()
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        try:
            yield worker
        finally:
            stop.set()
            thread.join(WITHIN_S)
            assert not thread.is_alive()

    def household(self) -> Household:
        """A new household with one meter; all households of a test module share one device and its account.

        Making an account and its first sign-in cost over a second together.
        """
        if not self.spare:
            self.spare = [str(uuid.uuid4()) for _ in range(64)]
            self.device = str(uuid.uuid4())
            account = Account(f"device-{self.device}", Secret(uuid.uuid4().hex))
            roles = {role for spare in self.spare for role in device_roles(spare, self.device)}
            self.put_account(account, *sorted(roles))
            self.device_server = self.server_as(account)
        household, device, meter = self.spare.pop(), self.device, str(uuid.uuid4())
        name = household_database(household)
        self.households.append(name)
        admin = ensure_database(self.admin, name, "household", household_security(household))
        worker = self.worker.database(name)
        for document in household_documents(device, meter):
            worker.put(document.to_json())
        assert self.device_server is not None
        return Household(household, device, meter, admin, worker, self.device_server.database(name))

    def put_account(self, account: Account, *roles: str) -> None:
        self.admin.put_user(account.user, account.password.reveal(), roles)
        self.accounts.append(account.user)

    def new_account(self, *roles: str) -> Server:
        """A connection of a new account with these roles."""
        account = Account(f"test-{uuid.uuid4().hex[:12]}", Secret(uuid.uuid4().hex))
        self.put_account(account, *roles)
        return self.server_as(account)

    def server_as(self, account: Account) -> Server:
        server = Server(self.settings.url, user=account.user, password=account.password.reveal())
        self.servers.append(server)
        return server

    def summary(self, household: Household) -> Json:
        return self.worker.database(REGISTRY).get(f"household:{household.uuid}")

    def context(self, household: Household) -> Json | None:
        return self.worker.database(RESEARCH).find(f"context:{self.pseudonyms.household(household.uuid)}")

    def parked(self, household: Household) -> dict[str, str]:
        """Reasons by document."""
        prefix = f"parked:{household.uuid}:"
        rows = self.worker.database(REGISTRY).documents(start=prefix, end=f"{prefix}\ufff0")
        return {doc["document"]: doc["reason"] for doc in rows}

    def tidy_up(self) -> None:
        """Remove what the tests made, and nothing else."""
        for server in self.servers:
            server.close()
        for name in (*self.households, *OURS, *self.admin.database_names("research-")):
            self.admin.delete_database(name)
        users = self.admin.database("_users")
        for account in (*self.accounts, self.settings.worker.user):
            stored = users.find(f"org.couchdb.user:{account}")
            if stored is not None:
                users.delete(stored["_id"], stored["_rev"])


def household_documents(device: str, meter: str) -> tuple[Document, ...]:
    """What the centre writes of a household with one device and one generation meter."""
    return (
        Registration(
            contact=Contact(name="Ada Lovelace", email="ada@example.org"),
            address=Address(street="Musterweg", postal_code="24103", city="Kiel"),
            metadata=Metadata(
                children=1, adults=2, adults_with_job=2, ev_charger=True, heat_pump=False, home_battery=True
            ),
        ),
        Location(latitude=54.3233, longitude=10.1228, source="manual"),
        Meter(meter=meter, meter_type="PV_GENERATION", model="MT175", device=device),
        PvSystem(
            pv_system=str(uuid.uuid4()),
            nominal_power_kw=8.4,
            azimuth_deg=180,
            tilt_deg=35,
            installed_on=date(2021, 5, 1),
            meters=(meter,),
        ),
        Device(device=device, name="cellar", meters=(meter,)),
    )


@contextmanager
def running_centre(couch: Endpoint, folder: Path) -> Iterator[RunningCentre]:
    """A centre set up by the product's own command; fails on a database that holds another centre."""
    settings = CentreSettings(
        url=couch.url,
        admin=Account(couch.user, couch.password),
        worker=Account("worker", Secret(uuid.uuid4().hex)),
        pseudonym_key=folder / "pseudonym.key",
        parallel_households=2,
        batch_documents=20,
        retry_s=0.05,
        poll_s=0.1,
        lease_s=3.0,
    )
    with settings.admin_server() as admin, settings.worker_server() as worker:
        for name in OURS:
            assert not admin.database(name).exists(), (
                f"{couch.url} holds the database {name} already: these tests need a database of their own, "
                "or what an interrupted run left there is to be removed"
            )
        set_up_centre(settings, admin)
        centre = RunningCentre(settings, admin, worker, load_pseudonyms(settings.pseudonym_key))
        try:
            yield centre
        finally:
            centre.tidy_up()


@pytest.fixture(scope="module")
def centre(couch_admin: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    with running_centre(couch_admin, tmp_path_factory.mktemp("centre")) as running:
        yield running
