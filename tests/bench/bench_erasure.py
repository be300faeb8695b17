"""What an erasure costs: seconds for a household with a year of two meters, minutes for a queue.

python tests/bench/bench_erasure.py [--measurements 70000] [--queue 100]
It starts an embedded node in a new folder; SURVEY_COUCHDB_URL=http://admin:pw@host:5984 measures that server
instead, which must hold no centre. Geodata are drawn here. What is made is removed.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import shapely

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from bench_node import server as engine

from anonymizer.connections import Centre
from anonymizer.geodata import Region
from anonymizer.geodata.store import Geodata, Provenance, store_geodata
from anonymizer.pseudonyms import load_pseudonyms
from anonymizer.service import make_worker
from anonymizer.worker import Worker
from couch.bootstrap import ensure_database, household_security, security_erased
from couch.centre_settings import CentreSettings
from couch.client import Database, Server
from couch.clock import SLOT, Clock
from couch.documents import (
    Author,
    Consent,
    Document,
    Json,
    Location,
    Measurement,
    Meter,
    PvSystem,
    Reading,
    TimeProvenance,
)
from couch.names import REGISTRY, RESEARCH, device_roles, household_database
from couch.settings import Account, Secret
from couch.transport import split_url
from provisioning.centre_setup import set_up_centre

START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = 70_000  # measurements of two meters, 96 a day each
BATCH = 500
SMALL = 96  # measurements of a household in the queue: a day of one meter


@dataclass(frozen=True, slots=True)
class Household:
    """A household at the centre, as its only device."""

    uuid: str
    device: str
    meters: tuple[str, str]
    database: Database

    def consent(self, state: str) -> None:
        by = Author(role="participant", device=self.device)
        self.database.put(
            Consent(state="granted" if state == "granted" else "revoked", at=START, by=by).to_json()
        )

    def measurement(self, number: int) -> Json:
        """The `number`-th of both meters in turn."""
        meter, slot = self.meters[number % 2], START + number // 2 * SLOT
        return Measurement(
            meter=meter,
            measured_at=slot,
            slot=slot,
            device=self.device,
            data=tuple(
                Reading(obis=obis, value=1_000_000 + number, scaler=-1, unit=unit)
                for obis, unit in (("0100010800ff", "Wh"), ("0100020800ff", "Wh"), ("0100100700ff", "W"))
            ),
            time=TimeProvenance(source="synchronized"),
        ).to_json()

    def measure(self, count: int) -> None:
        for first in range(0, count, BATCH):
            docs = [self.measurement(number) for number in range(first, min(first + BATCH, count))]
            assert all(result.error is None for result in self.database.bulk(docs))


class BenchCentre:
    """A centre on an engine, whose households all have one device: a password costs 0.2 s."""

    def __init__(self, settings: CentreSettings, admin: Server, count: int) -> None:
        self.settings, self.admin = settings, admin
        self.pseudonyms = load_pseudonyms(settings.pseudonym_key)
        self.worker = settings.worker_server()
        self.device = str(uuid.uuid4())
        self._spare = [str(uuid.uuid4()) for _ in range(count)]
        self.made: list[str] = []
        account = Account(f"bench-{uuid.uuid4().hex[:12]}", Secret(uuid.uuid4().hex))
        roles = {role for spare in self._spare for role in device_roles(spare, self.device)}
        admin.put_user(account.user, account.password.reveal(), sorted(roles))
        self.accounts = [account, settings.worker]
        self.account = account

    def as_device(self) -> Server:
        return Server(self.settings.url, user=self.account.user, password=self.account.password.reveal())

    def new_worker(self) -> Worker:
        return make_worker(self.settings, self.pseudonyms, self.connect, Clock())

    def connect(self) -> Centre:
        return Centre(self.settings.admin_server(), self.settings.worker_server())

    def household(self, device: Server) -> Household:
        household, meters = self._spare.pop(), (str(uuid.uuid4()), str(uuid.uuid4()))
        name = household_database(household)
        self.made.append(name)
        ensure_database(self.admin, name, "household", household_security(household))
        docs: list[Document] = [
            Location(latitude=54.323317, longitude=10.122765, source="manual"),
            *(
                Meter(meter=each, meter_type="PV_GENERATION", model="MT175", device=self.device)
                for each in meters
            ),
            PvSystem(
                pv_system=str(uuid.uuid4()),
                nominal_power_kw=8.4,
                azimuth_deg=180,
                tilt_deg=35,
                installed_on=date(2021, 5, 1),
                meters=meters,
            ),
        ]
        for doc in docs:
            self.worker.database(name).put(doc.to_json())
        return Household(household, self.device, meters, device.database(name))

    def tidy_up(self) -> None:
        for name in (*self.made, REGISTRY, RESEARCH, *self.admin.database_names("research-")):
            self.admin.delete_database(name)
        users = self.admin.database("_users")
        for account in self.accounts:
            stored = users.find(f"org.couchdb.user:{account.user}")
            if stored is not None:
                users.delete(stored["_id"], stored["_rev"])
        self.worker.close()


@contextmanager
def bench_centre(count: int, **settings: object) -> Iterator[BenchCentre]:
    """A centre for `count` households on the engine that is measured."""
    with engine() as given, tempfile.TemporaryDirectory() as folder:
        url, user, password = split_url(given)
        chosen = CentreSettings(
            url=url,
            admin=Account(user or "admin", Secret(password or "")),
            worker=Account(f"worker-{uuid.uuid4().hex[:12]}", Secret(uuid.uuid4().hex)),
            pseudonym_key=Path(folder, "pseudonym.key"),
            geodata=Path(folder, "geodata.gpkg"),
        )
        chosen = msgspec.structs.replace(chosen, **settings)
        region = Region("DEF00", "", 180.0, shapely.box(9, 53, 11, 55))
        store_geodata(
            chosen.geodata, Geodata(Provenance("drawn here", "", "none", date(2025, 1, 1), ""), (region,))
        )
        with chosen.admin_server() as admin:
            for name in (REGISTRY, RESEARCH):
                assert not admin.database(name).exists(), f"{url} holds a centre: name another engine"
            set_up_centre(chosen, admin)
            centre = BenchCentre(chosen, admin, count)
            try:
                yield centre
            finally:
                centre.tidy_up()


def worked_off(centre: BenchCentre, households: list[Household]) -> float:
    """Seconds until a worker that starts now has taken everything of these households."""
    worker = centre.new_worker()
    for household in households:
        worker.backlog.add(household.uuid)
    began = time.perf_counter()
    assert worker.drain(threading.Event()) == 0
    return time.perf_counter() - began


def measure_year(centre: BenchCentre, device: Server, count: int) -> None:
    household = centre.household(device)
    household.consent("granted")
    worked_off(centre, [household])
    began = time.perf_counter()
    household.measure(count)
    print(f"{count:,} measurements written in {time.perf_counter() - began:.1f} s", flush=True)
    print(f"copied to research in {worked_off(centre, [household]):.1f} s", flush=True)
    household.consent("revoked")
    took = worked_off(centre, [household])
    assert security_erased(centre.admin.database(household.database.name).security())
    print(f"erased in {took:.1f} s, which compares each of them with research once more", flush=True)


def measure_queue(centre: BenchCentre, device: Server, count: int) -> None:
    households = [centre.household(device) for _ in range(count)]
    for household in households:
        household.consent("granted")
    worked_off(centre, households)
    for household in households:
        household.measure(SMALL)
        household.consent("revoked")
    took = worked_off(centre, households)
    for household in households:
        assert security_erased(centre.admin.database(household.database.name).security())
    each = f"{SMALL} measurements each, {centre.settings.parallel_households} at a time"
    print(f"a queue of {count} households ({each}): erased in {took / 60:.2f} minutes", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measurements", type=int, default=YEAR)
    parser.add_argument("--queue", type=int, default=100)
    given = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"load of the machine before: {load:.1f} on {os.cpu_count()} processors", flush=True)
    with bench_centre(given.queue + 1) as centre, centre.as_device() as device:
        if given.queue:
            measure_queue(centre, device, given.queue)
        if given.measurements:
            measure_year(centre, device, given.measurements)


if __name__ == "__main__":
    main()
