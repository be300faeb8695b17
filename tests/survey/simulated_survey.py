"""A centre and a hundred households on one engine, each part the survey's own."""

import random
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import shapely
from simulated_homes import Home, WholeHome
from survey_plan import REGION_DEG, SOUTH, WEST, Plan, at_slot

from anonymizer.connections import Centre
from anonymizer.geodata import Region
from anonymizer.geodata.store import Geodata, Provenance, store_geodata
from anonymizer.pseudonyms import Pseudonyms, load_pseudonyms
from anonymizer.service import make_worker
from couch.bootstrap import ensure_database, household_security, replica_security
from couch.centre_settings import CentreSettings
from couch.client import Server
from couch.clock import Clock
from couch.documents import Author, Consent
from couch.names import (
    DEVICE_ACCOUNTS,
    REGISTRY,
    RESEARCH,
    RESEARCHER,
    device_roles,
    household_database,
    replica_database,
)
from couch.settings import Account, Endpoint, Secret
from couch.transport import Transport
from edge.settings import CentreSettings as CentreLink
from edge.settings import DeviceSettings, LocalSettings, MeterSettings, TransmissionSettings
from provisioning.centre_setup import set_up_centre

DENSITIES = (20.0, 90.0, 250.0, 800.0, 2500.0, 4800.0)  # people a square kilometre
OURS = (REGISTRY, RESEARCH)


class Killed(BaseException):
    """The worker's process ended right after a request was answered by the database."""


class MortalTransport(Transport):
    """Dies after its n-th request that changes something, whichever connection it is; None: lives on."""

    left: int | None = None

    def request(self, method: str, *path: str, **options: Any) -> Any:
        answer = super().request(method, *path, **options)
        posts = ("_bulk_docs", "_purge", "_compact", "_view_cleanup")
        changes = method in ("PUT", "DELETE") or any(part in posts for part in path)
        if changes and MortalTransport.left is not None:
            MortalTransport.left -= 1
            if MortalTransport.left <= 0:
                raise Killed
        return answer


@dataclass
class Survey:
    """The centre and its households."""

    settings: CentreSettings
    admin: Server
    worker: Server
    researcher: Server
    pseudonyms: Pseudonyms
    homes: list[Home]
    deaths: list[str] = field(default_factory=list)  # of workers, by the households they were visiting

    def connect(self) -> Centre:
        return Centre(self.settings.admin_server(), self.settings.worker_server())

    def letters(self, number: int) -> list[str]:
        """What researchers record in this slot, since it reached them by letter; of which households."""
        told = [home.plan for home in self.homes if home.plan.by_letter and home.plan.revoked == number]
        for plan in told:
            consent = Consent(state="revoked", at=at_slot(number), by=Author(role="researcher"))
            self.researcher.database(household_database(plan.household)).put(consent.to_json())
        return [plan.household for plan in told]

    def work_off(
        self,
        households: Sequence[str],
        source: random.Random,
        deaths: int,
        power_failure: Callable[[], None] | None = None,
    ) -> None:
        """Visit these households in some order, by workers that die `deaths` times at random points.

        With every third of them the engine dies too, by `power_failure`.
        """
        waiting = list(households)
        source.shuffle(waiting)
        while waiting:
            MortalTransport.left = source.randint(1, 90) if deaths else None
            worker = make_worker(self.settings, self.pseudonyms, self.connect, Clock())
            connections = self.connect()
            for server in (connections.admin, connections.worker):
                server.transport.__class__ = MortalTransport
            try:
                with connections:
                    while waiting:
                        worker._make_visitor(waiting[-1]).visit(connections, threading.Event(), lambda: None)
                        waiting.pop()
            except Killed:
                deaths -= 1
                self.deaths.append(waiting[-1])
                if power_failure is not None and len(self.deaths) % 3 == 0:
                    power_failure()
                source.shuffle(waiting)  # the next one begins elsewhere
            finally:
                MortalTransport.left = None


@contextmanager
def survey_of(plans: Sequence[Plan], couch: Endpoint, folder: Path) -> Iterator[Survey]:
    """All that stands before the first slot; removed at the end, and nothing else."""
    mark = uuid.uuid4().hex[:12]
    names = ("worker", "researcher", "device", *DEVICE_ACCOUNTS)
    accounts = {name: Account(f"{name}-{mark}", Secret(uuid.uuid4().hex)) for name in names}
    settings = CentreSettings(
        url=couch.url,
        admin=Account(couch.user, couch.password),
        worker=accounts["worker"],
        pseudonym_key=folder / "pseudonym.key",
        geodata=folder / "geodata.gpkg",
    )
    store_geodata(settings.geodata, drawn_regions())
    databases = [*(household_database(plan.household) for plan in plans), *OURS]
    replicas = [replica_database(plan.device) for plan in plans]
    with settings.admin_server() as admin, settings.worker_server() as worker:
        for name in OURS:
            assert not admin.database(name).exists(), f"{couch.url} holds a centre: this needs its own engine"
        try:
            set_up_centre(settings, admin)
            _make_accounts(admin, accounts, plans)
            make = _HomeMaker(couch, accounts, admin, worker, folder)
            homes = [make.home(plan) for plan in plans]
            researcher = Endpoint(couch.url, *_login(accounts["researcher"])).server()
            with researcher:
                yield Survey(
                    settings, admin, worker, researcher, load_pseudonyms(settings.pseudonym_key), homes
                )
            for home in homes:
                home.close()
        finally:
            _tidy_up(admin, [*databases, *replicas, *admin.database_names("research-")], accounts)


def _make_accounts(admin: Server, accounts: dict[str, Account], plans: Sequence[Plan]) -> None:
    """All devices have one account: hashing a password takes longer than anything else here."""
    roles = {name: [name] for name in DEVICE_ACCOUNTS}
    roles["researcher"] = [RESEARCHER]
    roles["device"] = sorted({role for plan in plans for role in device_roles(plan.household, plan.device)})
    for name, held in roles.items():
        admin.put_user(accounts[name].user, accounts[name].password.reveal(), held)


def _login(account: Account) -> tuple[str, Secret]:
    return account.user, account.password


@dataclass(frozen=True)
class _HomeMaker:
    """Registers households at the centre and gives each its device."""

    couch: Endpoint
    accounts: dict[str, Account]
    admin: Server
    worker: Server
    folder: Path

    def home(self, plan: Plan) -> Home:
        name = household_database(plan.household)
        ensure_database(self.admin, name, "household", household_security(plan.household))
        results = self.worker.database(name).bulk([document.to_json() for document in plan.documents])
        assert [result.error for result in results] == [None] * len(results), results
        if not plan.is_offline:
            return Home(plan, self._settings(plan))
        ensure_database(self.admin, replica_database(plan.device), "replica", replica_security())
        return WholeHome(plan, self._settings(plan))

    def _settings(self, plan: Plan) -> DeviceSettings:
        own = self.folder / plan.device
        own.mkdir()
        device = self.accounts["device"]
        return DeviceSettings(
            device=plan.device,
            household=plan.household,
            local=LocalSettings(
                url=self.couch.url,
                admin=Account(self.couch.user, self.couch.password),
                **{account: self.accounts[account] for account in DEVICE_ACCOUNTS},
            ),
            centre=CentreLink(url=self.couch.url, user=device.user, password=device.password),
            transmission=TransmissionSettings(push_jitter_s=0.0, reconnect_max_s=1.0),
            erasure_file=own / "erasure.json",
            meters=tuple(MeterSettings(meter=meter, head="sim://grid?seed=1") for meter in plan.meters),
        )


def drawn_regions() -> Geodata:
    """Five by five squares with densities from empty to crowded, as a test draws them."""
    regions = tuple(
        Region(
            f"DE{column}{row}",
            "",
            DENSITIES[(column * 5 + row) % len(DENSITIES)],
            shapely.box(
                WEST + column * REGION_DEG,
                SOUTH + row * REGION_DEG,
                WEST + (column + 1) * REGION_DEG,
                SOUTH + (row + 1) * REGION_DEG,
            ),
        )
        for column in range(5)
        for row in range(5)
    )
    return Geodata(Provenance("drawn by a test", "", "none", date(2025, 1, 1), ""), regions)


def _tidy_up(admin: Server, databases: Sequence[str], accounts: dict[str, Account]) -> None:
    for name in databases:
        admin.delete_database(name)
    users = admin.database("_users")
    for account in accounts.values():
        stored = users.find(f"org.couchdb.user:{account.user}")
        if stored is not None:
            users.delete(stored["_id"], stored["_rev"])
