"""How long the centre's pages take with ten thousand households, for one reader and for fifty at once.

python tests/bench/bench_pages.py [--households 10000] [--slots 24] [--researchers 50] [--seconds 60]
It fills `registry` and `research` of an embedded node in a new folder; SURVEY_COUCHDB_URL=http://admin:pw@host
measures that server instead, which must hold no centre. The pages are `survey centre serve` in a process of
its own, asked over loopback: a time holds everything from the request's first byte to the answer's last. Each
of the researchers opens a page every three to seven seconds, as somebody does who clicks through quickly.
"""

import argparse
import http.client
import math
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from bench_node import server as engine

from couch.bootstrap import closed_security, ensure_database, household_security
from couch.client import Database, Server
from couch.clock import SLOT
from couch.documents import (
    ConsentState,
    Context,
    ContextMeter,
    ContextPvSystem,
    DeviceSummary,
    HouseholdSummary,
    Reading,
    Report,
    Reported,
    ResearchMeasurement,
)
from couch.names import (
    ADMINISTRATOR,
    ANALYST,
    REGISTRY,
    RESEARCH,
    RESEARCHER,
    WORKER,
    household_database,
)
from couch.research import ensure_months, write_research
from couch.transport import split_url
from webapp.accounts.accounts_file import AccountsFile
from webapp.accounts.directory import Directory
from webapp.accounts.passwords import Passwords

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC).replace(microsecond=0)
FIRST, LAST = (
    ["Anna", "Ben", "Clara", "David", "Ela", "Finn", "Greta", "Hans", "Ida", "Jörg"],
    ["Müller", "Schmidt", "Öztürk", "Weiß", "Kaya"],
)
CITIES = ["Köln", "Kiel", "Au", "Karlsruhe", "Würzburg", "Münster", "Jena", "Ulm", "Görlitz", "Bonn"]
WORDS = "the words of a benchmark"
PIECE = 1000
REPORTS = 30
ROUNDS = 15


def summaries(count: int, draw: random.Random) -> Iterator[HouseholdSummary]:
    for number in range(count):
        state = draw.choices(list(ConsentState), (1, 8, 1))[0]
        granted = (
            NOW - timedelta(days=draw.uniform(1, 700)) if state is not ConsentState.NOT_GRANTED else None
        )
        yield HouseholdSummary(
            household=str(uuid.UUID(int=draw.getrandbits(128), version=4)),
            pseudonym=f"{draw.getrandbits(128):032x}",
            name=f"{draw.choice(FIRST)} {draw.choice(LAST)}-{number}",
            email=f"person{number}@example.org",
            city=draw.choice(CITIES),
            consent=state,
            granted_at=None if granted is None else granted.replace(microsecond=0),
            revoked_at=NOW if state is ConsentState.REVOKED else None,
            last_slot=None if granted is None else NOW - timedelta(minutes=draw.randrange(1, 3000)),
            meters=2,
            devices=(
                DeviceSummary(
                    device=str(uuid.UUID(int=draw.getrandbits(128), version=4)),
                    name="cellar",
                    heartbeat_at=NOW - timedelta(minutes=draw.randrange(60)),
                    backlog=draw.randrange(5),
                    refused=draw.choices((0, 1), (20, 1))[0],
                    versions={"survey": "0.1.0", "couchdb": "3.5.0"},
                ),
            ),
        )


def context(of: HouseholdSummary, draw: random.Random) -> Context:
    meters = (f"{draw.getrandbits(128):032x}", f"{draw.getrandbits(128):032x}")
    return Context(
        household=of.pseudonym,
        consent=of.consent,
        meters=(
            ContextMeter(meter=meters[0], meter_type="ELECTRICITY", model="MT175"),
            ContextMeter(meter=meters[1], meter_type="PV_GENERATION", model="DD3"),
        ),
        pv_systems=(
            ContextPvSystem(
                pv_system=f"{draw.getrandbits(128):032x}",
                nominal_power_kw=round(draw.uniform(2, 25), 1),
                azimuth_deg=draw.uniform(90, 270) // 1,
                tilt_deg=draw.uniform(5, 50) // 1,
                installed_on=date(2021, 5, 1),
                meters=(meters[1],),
            ),
        ),
    )


def measured(of: Context, slots: int) -> Iterator[ResearchMeasurement]:
    """The last `slots` quarter hours of yesterday."""
    start = NOW.replace(hour=0, minute=0, second=0) - slots * SLOT
    for number in range(slots):
        for meter in of.meters:
            slot = start + number * SLOT
            yield ResearchMeasurement(
                household=of.household,
                meter=meter.meter,
                slot=slot,
                measured_at=slot,
                time_source="synchronized",
                data=(
                    Reading(obis="0100010800ff", value=1_000_000 + 50 * number, scaler=0, unit="Wh"),
                    Reading(obis="0100100700ff", value=200, scaler=0, unit="W"),
                ),
            )


def put_all(database: Database, docs: list[dict[str, object]]) -> None:
    for at in range(0, len(docs), PIECE):
        assert all(result.error is None for result in database.bulk(docs[at : at + PIECE]))


def deploy(admin: Server) -> None:
    """The central databases with the views of this source tree."""
    members = {REGISTRY: (WORKER, RESEARCHER, ADMINISTRATOR), RESEARCH: (WORKER, RESEARCHER, ANALYST)}
    for name, roles in members.items():
        ensure_database(admin, name, name, closed_security(roles))  # type: ignore[arg-type]
    ensure_months(admin, [NOW, NOW - timedelta(days=1)])


def fill(admin: Server, count: int, slots: int) -> list[HouseholdSummary]:
    draw = random.Random(14)
    for name in (REGISTRY, RESEARCH):
        assert not admin.database(name).exists(), f"{admin.url} holds a centre: name another engine"
    deploy(admin)
    households = list(summaries(count, draw))
    contexts = [context(one, draw) for one in households]
    put_all(admin.database(REGISTRY), [one.to_json() for one in households])
    put_all(admin.database(RESEARCH), [one.to_json() for one in contexts])
    docs: list[ResearchMeasurement] = []
    for one in contexts:
        docs += measured(one, slots)
        if len(docs) >= 5000:
            write_research(admin, docs)
            docs = []
    write_research(admin, docs)
    for one in households[:REPORTS]:
        report = Report(report=str(uuid.uuid4()), at=NOW, text="The postal code is an old one. " * 8)
        name = household_database(one.household)
        made = ensure_database(admin, name, "household", household_security(one.household))
        rules = made.get("_design/rules")
        made.delete("_design/rules", rules["_rev"])  # the administrator has no role by which it may report
        made.put(report.to_json())
        noted = Reported(household=one.household, report=report.report, at=NOW)
        admin.database(REGISTRY).put(noted.to_json())
    return households


@contextmanager
def pages(url: str, admin: Server, folder: Path) -> Iterator[tuple[str, int]]:
    """Address and process of `survey centre serve` with the accounts rosa and adam."""
    accounts, passwords = AccountsFile(folder / "accounts.sqlite"), Passwords()
    directory = Directory(accounts, time.time)
    for name, roles in (("rosa", (RESEARCHER, ANALYST)), ("adam", (ADMINISTRATOR,))):
        directory.add(name, roles, valid_s=3600)
        directory.change_password(name, passwords.hashed(WORDS))
    user, password = f"pages-{uuid.uuid4().hex[:12]}", uuid.uuid4().hex
    admin.put_user(user, password, [RESEARCHER, ADMINISTRATOR, ANALYST])
    config = folder / "centre_web.toml"
    config.touch(0o600)
    config.write_text(
        f'port = 0\naddress = "http://127.0.0.1:8090"\n'
        f'[couchdb]\nurl = "{url}"\nuser = "{user}"\npassword = "{password}"\n'
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "survey", "centre", "serve", "--config", str(config)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "serving on " in line, line
        yield line.partition("serving on ")[2].strip(), process.pid
        print(f"the pages' process needs {resident_mb(process.pid):.0f} MB")
    finally:
        process.terminate()
        process.wait(30)
        stored = admin.database("_users").get(f"org.couchdb.user:{user}")
        admin.database("_users").delete(stored["_id"], stored["_rev"])


def resident_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024  # type: ignore[index]


def cpu_ms(pid: int) -> float:
    """What the process has used of the processors, in milliseconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


class Reader:
    """Somebody at the pages: one connection, one session."""

    def __init__(self, base: str, name: str = "rosa") -> None:
        self.http = http.client.HTTPConnection(urlsplit(base).netloc, timeout=60)
        self.cookies: dict[str, str] = {}
        page = self.open("/sign-in")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        self.form = {"csrf_token": token[1]}
        self.open("/sign-in", name=name, password=WORDS)
        self.token()

    def token(self) -> None:
        """The token of the forms of this session."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.open("/own-account"))
        assert found is not None
        self.form = {"csrf_token": found[1]}

    def open(self, path: str, **form: str) -> str:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            self.http.request("POST", path, urlencode({**form, **self.form}), headers)
        else:
            self.http.request("GET", path, headers=headers)
        answer = self.http.getresponse()
        text = answer.read().decode()
        assert answer.status < 400, f"{path}: {answer.status} {text[:2000]}"
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        self.size = len(text)
        return text

    def timed(self, path: str, **form: str) -> float:
        began = time.perf_counter()
        self.open(path, **form)
        return (time.perf_counter() - began) * 1000


def addresses(households: list[HouseholdSummary]) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """Pages by name; of each some addresses, so that not one answer is measured again and again."""
    draw = random.Random(5)
    some = draw.sample(households, ROUNDS)
    month = f"{NOW - timedelta(days=1):%Y-%m}"
    get: dict[str, list[str]] = {
        "households by name": ["/households"],
        **{
            f"households by {sort}, somewhere": [
                f"/households?sort={sort}&after={one.household}" for one in some
            ]
            for sort in ("name", "city", "consent", "complete", "last", "devices")
        },
        "households downwards, backwards": [f"/households?order=down&before={one.household}" for one in some],
        "households filtered": [
            f"/households?consent=granted&late=yes&city={city}&sort=last" for city in ("koln", "u", "KA")
        ],
        "households below 50 % complete": ["/households?below=50&sort=complete"],
        "a household": [f"/households/{one.household}" for one in some],
        "reports": ["/reports"],
        "chart: consent": ["/charts/consent"],
        "chart: load profiles": [f"/charts/profiles?month={month}&quantity={q}" for q in ("drawn", "fed_in")],
        "chart: one household's profile": [
            f"/charts/profiles?month={month}&household={one.pseudonym}" for one in some
        ],
        "chart: feed-in": [f"/charts/feed-in?month={month}"],
        "chart: completeness": [f"/charts/completeness?month={month}&after={one.pseudonym}" for one in some],
        "chart: installations": ["/charts/installations"],
        "export form": ["/export"],
        "own account": ["/own-account"],
    }
    found = {name: [(path, {}) for path in paths] for name, paths in get.items()}
    texts = ("mull", "Öz", "kö", some[0].pseudonym[:6], some[1].household[:8])
    found["search"] = [("/households/search", {"text": text}) for text in texts]
    return found


def administration(households: list[HouseholdSummary]) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """The administrators' pages; a third of the devices is not well."""
    some = random.Random(6).sample(households, ROUNDS)
    get = {
        "health": ["/health"],
        "health, somewhere in the list": [f"/health?page={page}" for page in range(2, 2 + ROUNDS)],
        "health, filtered": ["/health?kind=refused&consent=granted", "/health?show=well&consent=revoked"],
        "health, all devices": ["/health?show=all&page=100"],
        "a device": [f"/health/devices/{one.devices[0].device}" for one in some],
        "the centre": ["/health/centre"],
        "accounts": ["/accounts"],
    }
    return {name: [(path, {}) for path in paths] for name, paths in get.items()}


def high(times: list[float], share: float) -> float:
    ordered = sorted(times)
    return ordered[min(math.ceil(len(ordered) * share) - 1, len(ordered) - 1)]


def one_reader(
    base: str, pid: int, found: dict[str, list[tuple[str, dict[str, str]]]], name: str = "rosa"
) -> None:
    """`CPU`: what the pages' process used of it for a page; on a machine that does other work as well, the
    one number that says what a page costs.
    """
    reader = Reader(base, name)
    heads = ("median", "95 %", "worst", "CPU", "kB")
    print(f"{'page, one reader (ms)':40}", *(f"{head:>7}" for head in heads), flush=True)
    for page, wanted in found.items():
        reader.timed(wanted[0][0], **wanted[0][1])
        places = [place for _ in range(ROUNDS // len(wanted) + 1) for place in wanted]
        used = cpu_ms(pid)
        times = [reader.timed(path, **form) for path, form in places]
        used = (cpu_ms(pid) - used) / len(times)
        shown = (statistics.median(times), high(times, 0.95), max(times), used, reader.size / 1000)
        print(f"{page:40}", *(f"{number:7.0f}" for number in shown), flush=True)


def many_readers(
    base: str, found: dict[str, list[tuple[str, dict[str, str]]]], count: int, seconds: float
) -> None:
    readers = [Reader(base) for _ in range(count)]
    times: list[float] = []
    wanted = [place for places in found.values() for place in places[:3]]
    ends = time.monotonic() + seconds

    def read(reader: Reader, draw: random.Random) -> None:
        time.sleep(draw.uniform(0, 5))
        while time.monotonic() < ends:
            path, form = draw.choice(wanted)
            times.append(reader.timed(path, **form))
            time.sleep(draw.uniform(3, 7))

    threads = [
        threading.Thread(target=read, args=(reader, random.Random(number)))
        for number, reader in enumerate(readers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(
        f"{count} researchers, {len(times)} pages in {seconds:.0f} s: "
        f"median {statistics.median(times):.0f} ms, 95 % {high(times, 0.95):.0f} ms, "
        f"99 % {high(times, 0.99):.0f} ms, worst {max(times):.0f} ms",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--households", type=int, default=10_000)
    parser.add_argument("--slots", type=int, default=24, help="of each meter, measured yesterday")
    parser.add_argument("--researchers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--keep", action="store_true", help="leave what was filled, or take what was left")
    wanted = parser.parse_args()
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    with engine() as given, tempfile.TemporaryDirectory() as folder:
        url, user, password = split_url(given)
        with Server(url, user=user, password=password, timeout_s=600) as admin:
            began = time.perf_counter()
            if wanted.keep and admin.database(REGISTRY).exists():
                deploy(admin)
                docs = admin.database(REGISTRY).documents(start="household:", end="household;")
                households = [HouseholdSummary.from_json(doc) for doc in docs]
            else:
                households = fill(admin, wanted.households, wanted.slots)
            print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
            try:
                with pages(url, admin, Path(folder)) as (base, pid):
                    found = addresses(households)
                    began = time.perf_counter()
                    warm_up(base)
                    print(f"figures were there after {time.perf_counter() - began:.1f} s", flush=True)
                    one_reader(base, pid, found)
                    one_reader(base, pid, administration(households), "adam")
                    many_readers(base, found, wanted.researchers, wanted.seconds)
            finally:
                if not wanted.keep:
                    remove(admin, households)


def remove(admin: Server, households: list[HouseholdSummary]) -> None:
    """What was filled."""
    some = [household_database(one.household) for one in households[:REPORTS]]
    for name in (*admin.database_names("research-"), *some, REGISTRY, RESEARCH):
        admin.delete_database(name)


def warm_up(base: str) -> None:
    """Until every figure that is counted in the background is there."""
    reader, month = Reader(base), f"{NOW - timedelta(days=1):%Y-%m}"
    for path, words in (
        ("/households", "are being counted"),
        (f"/charts/profiles?month={month}", "in a moment"),
        ("/charts/installations", "in a moment"),
    ):
        while words in reader.open(path):
            time.sleep(0.5)


if __name__ == "__main__":
    main()
