"""What the participant's pages of measurements cost over a year of two meters: 70,080 documents.

python tests/bench/bench_energy.py                       on an embedded node of its own
SURVEY_COUCHDB_URL=http://admin:pw@host:5984 python ...  on that CouchDB

Each figure stands beside the time that reading all documents of the same period takes (`_all_docs` with
documents), in turns on the same machine: the ratio says what the views are for, and depends little on it.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[2]))

from couch.bootstrap import ensure_database, replica_security
from couch.client import Database, Server
from couch.clock import SLOT
from couch.documents import Json, Measurement, Meter, Reading, TimeProvenance, stamp
from couch.transport import split_url
from edge.simulation.household import Household, HouseholdKind
from webapp.participant.energy.day import read_day
from webapp.participant.energy.periods import SPANS, period_of
from webapp.participant.energy.today import period_figures, today

ZONE = ZoneInfo("Europe/Berlin")
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, 23, 45, tzinfo=UTC)
NOW = LAST + timedelta(minutes=7)
GRID, SUN = str(uuid.uuid4()), str(uuid.uuid4())
DEVICE = str(uuid.uuid4())
ROUNDS = 7


def year() -> Iterator[Json]:
    """What a household with a photovoltaic system measured."""
    household = Household(HouseholdKind(seed=1))
    slot = FIRST
    while slot <= LAST:
        energies, step = household.at(int(slot.timestamp()))
        drawn = Reading(obis="0100010800ff", value=energies.imported // 360, scaler=-1, unit="Wh")
        fed = Reading(obis="0100020800ff", value=energies.exported // 360, scaler=-1, unit="Wh")
        made = Reading(obis="0100020800ff", value=energies.generated // 360, scaler=-1, unit="Wh")
        power = Reading(obis="0100100700ff", value=step.grid_w, scaler=0, unit="W")
        for meter, data in ((GRID, (drawn, fed, power)), (SUN, (made,))):
            yield Measurement(
                meter=meter,
                measured_at=slot + timedelta(seconds=2),
                slot=slot,
                device=DEVICE,
                data=data,
                time=TimeProvenance(source="synchronized"),
            ).to_json()
        slot += SLOT


def fill(replica: Database) -> None:
    for meter, kind in ((GRID, "ELECTRICITY"), (SUN, "PV_GENERATION")):
        about = Meter(meter=meter, meter_type=kind, model="MT175", device=DEVICE)  # type: ignore[arg-type]
        replica.bulk([{**about.to_json(), "_rev": "1-a"}], new_edits=False)
    batch: list[Json] = []
    for doc in year():
        batch.append(doc)
        if len(batch) == 2000:
            replica.bulk(batch)
            batch.clear()
    replica.bulk(batch)


def everything(replica: Database, start: datetime, end: datetime) -> int:
    """Reads all documents of both meters in a period, as a page without views would; how many."""
    return sum(
        1
        for meter in (GRID, SUN)
        for doc in replica.documents(
            start=f"measurement:{meter}:{stamp(start)}", end=f"measurement:{meter}:{stamp(end)}"
        )
        if Measurement.from_json(doc).data
    )


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def measure(replica: Database) -> None:
    print(f"{'page':8}{'ms':>9}{'all documents, ms':>20}{'documents':>11}{'ratio':>8}")
    for span in SPANS:
        period = period_of(span, date(2026, 7, 15))
        start, end = period.start(ZONE), period.end(ZONE)
        rounds = ROUNDS if span != "year" else 3
        pages, plain, number = [], [], 0
        for _ in range(rounds):
            if span == "day":
                pages.append(seconds(lambda period=period: read_day(replica, period, ZONE, NOW, DEVICE)))
            else:
                pages.append(
                    seconds(lambda period=period: period_figures(replica, period, ZONE, NOW, device=DEVICE))
                )
            began = time.perf_counter()
            number = everything(replica, start, end)
            plain.append(time.perf_counter() - began)
        page, read = statistics.median(pages), statistics.median(plain)
        print(f"{span:8}{page * 1000:9.0f}{read * 1000:20.0f}{number:11}{read / page:8.1f}")
    times = [seconds(lambda: today(replica, ZONE, NOW, DEVICE)) for _ in range(ROUNDS)]
    print(f"{'today':8}{statistics.median(times) * 1000:9.0f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"this process's peak: {peak / 1000:.0f} MB")


@contextmanager
def server() -> Iterator[Server]:
    """The CouchDB of SURVEY_COUCHDB_URL, or an embedded node."""
    given = os.environ.get("SURVEY_COUCHDB_URL")
    if given:
        url, user, password = split_url(given)
        with Server(url, user=user or "admin", password=password or "", timeout_s=600) as engine:
            yield engine
        return
    with tempfile.TemporaryDirectory(prefix="bench-energy-") as folder:
        secret = uuid.uuid4().hex
        node = subprocess.Popen(
            [sys.executable, "-m", "couch.node", "--port", "0", "--data", folder],
            env={**os.environ, "SURVEY_ADMIN_PASSWORD": secret},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            assert node.stdout is not None
            line = next(line for line in node.stdout if "http://" in line)
            address = line[line.index("http://") :].split()[0].rstrip("/")
            with Server(address, user="admin", password=secret, timeout_s=600) as engine:
                yield engine
        finally:
            node.terminate()
            node.communicate()


def main() -> None:
    with server() as engine:
        name = f"replica-{uuid.uuid4()}"
        replica = ensure_database(engine, name, "replica", replica_security())
        try:
            replica.delete("_design/rules", replica.get("_design/rules")["_rev"])  # it wants a device's roles
            print(f"storing {seconds(lambda: fill(replica)):.1f} s")
            index = seconds(lambda: list(replica.view("page", "measurements_by_meter_slot", limit=1)))
            print(f"all views of the page, built once: {index:.1f} s")
            measure(replica)
        finally:
            engine.delete_database(name)


if __name__ == "__main__":
    main()
