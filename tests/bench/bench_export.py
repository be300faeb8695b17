"""Rows a second of exports, from kept months and from a database; what keeping a month costs.

python tests/bench/bench_export.py                       kept months; a database of the embedded node
SURVEY_COUCHDB_URL=http://admin:pw@host:5984 python ...  kept months; that CouchDB (a month in the year 9998)
python tests/bench/bench_export.py kept|engine           one of both

Readings move as those of a household do: counters rise by what was used, powers vary. The engine's own speed
is that of `_all_docs?include_docs=true` read to its end by one connection and thrown away; it is measured in
turns with the export, since other load on the machine changes from minute to minute.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[2]))

from couch.client import Server
from couch.clock import SLOT
from couch.documents import ConsentState, Context, ContextMeter, Reading, ResearchMeasurement, stamp
from couch.month_versions import MonthVersion
from couch.names import month_database
from couch.research import ensure_months, write_research
from couch.research_pages import StoredMeasurement, StoredReading
from webapp.analyst import kept_months, research_source
from webapp.analyst.anonymity.settings import AnonymitySettings
from webapp.analyst.export_folder import export_to_folder
from webapp.analyst.export_ledger import Withdrawn
from webapp.analyst.export_pieces import pieces
from webapp.analyst.export_request import FORMATS, ExportRequest, parse_request
from webapp.analyst.kept_months import KeptMonths
from webapp.analyst.research_source import ResearchSource
from webapp.analyst.selection import TableName

START = datetime(9998, 1, 1, tzinfo=UTC)
METERS, DAYS = 100, 31  # two a household, one of them a generation meter
STORED_DAYS = int(os.environ.get("BENCH_DAYS", "6"))  # of these in the database
TURNS = 5
OPEN = AnonymitySettings(threshold=1)
T = TypeVar("T")
CODES = (("0100010800ff", "Wh"), ("0100020800ff", "Wh"), ("0100100700ff", "W"), ("0100240700ff", "W"))


def month(days: int = DAYS) -> Iterator[StoredMeasurement]:
    """Four readings a meter and slot, in the order of an export."""
    chance = random.Random(1)
    drawn, fed = ([chance.randrange(10**8) for _ in range(METERS)] for _ in range(2))
    for number in range(days * 96):
        slot = START + number * SLOT
        for meter in range(METERS):
            watts = chance.randrange(-60000, 40000)
            drawn[meter] += max(0, watts // 4)
            fed[meter] += max(0, -watts // 4)
            values = (drawn[meter], fed[meter], watts, watts // 3)
            yield StoredMeasurement(
                f"{meter // 2 * 7919:032x}",
                f"{meter * 104729:032x}",
                stamp(slot),
                stamp(slot + timedelta(seconds=4 + meter % 50)),
                "synchronized",
                tuple(
                    StoredReading(code, value, -1, unit)
                    for (code, unit), value in zip(CODES, values, strict=True)
                ),
            )


def contexts() -> list[Context]:
    return [
        Context(
            household=f"{pair * 7919:032x}",
            consent=ConsentState.GRANTED,
            meters=tuple(
                ContextMeter(meter=f"{meter * 104729:032x}", meter_type=kind, model="MT175")
                for meter, kind in ((2 * pair, "ELECTRICITY"), (2 * pair + 1, "PV_GENERATION"))
            ),
        )
        for pair in range(METERS // 2)
    ]


class Unkept:
    """A ledger that keeps nothing: the records of real exports are not to hold this one."""

    def withdrawals(self) -> tuple[Withdrawn, ...]:
        return ()

    def record(self, request: ExportRequest, sha256: str, households: tuple[str, ...]) -> None:
        pass


class KeptAlone(ResearchSource):
    """Reads kept months; nothing has changed and nobody was erased since."""

    def __init__(self, kept: KeptMonths) -> None:
        super().__init__(lambda: None, kept=kept, anonymity=OPEN)  # type: ignore[arg-type, return-value]

    def contexts(self) -> Sequence[Context]:
        return contexts()

    def _erased(self) -> frozenset[str]:
        return frozenset()


def wish(wanted: str, table: TableName, days: int = DAYS) -> ExportRequest:
    return parse_request(
        "9998-01-01", str((START + timedelta(days=days)).date()), None, wanted, tables=[table]
    )


def peak() -> float:
    """Of this process up to now, MB (what getrusage says includes the process that started it)."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def keep(folder: Path) -> None:
    """Keep the month in `folder`, from memory: the engine's part of it is measured apart."""
    _in_memory(list(month()))
    state, took, busy = _timed(
        lambda: KeptMonths(folder / "kept").build(lambda: Server("http://127.0.0.1:1"), START)
    )
    assert state is not None
    print(
        f"a kept month: {state.rows:,} rows, {state.measurements_bytes / state.rows:.2f} MB a million rows, "
        f"made at {state.rows / took:,.0f} rows/s ({state.rows / busy:,.0f} a CPU second)"
    )


def from_kept(folder: Path) -> None:
    """Exports of what `keep` left, in a process that holds nothing else."""
    _in_memory([])
    source = KeptAlone(KeptMonths(folder / "kept"))
    for table in ("measurements", "intervals"):
        for wanted in FORMATS:
            runs = [_timed(partial(_all, wish(wanted, table), table, source)) for _ in range(3)]
            rows, size = runs[0][0]
            wall, busy = min(run[1] for run in runs), min(run[2] for run in runs)
            print(
                f"kept {table:<12} {wanted:<7} {rows:>10,} rows {rows / wall:>10,.0f} rows/s "
                f"({rows / busy:>10,.0f} a CPU second) {size / 1e6:7.1f} MB, peak {peak():.0f} MB"
            )
    request = wish("csv", "measurements")
    done, took, busy = _timed(lambda: export_to_folder(request, folder / "out", source, Unkept()))
    print(
        f"kept measurements csv into a folder, with checksums: {done.rows / took:,.0f} rows/s "
        f"({done.rows / busy:,.0f} a CPU second)"
    )


def _in_memory(held: Sequence[StoredMeasurement]) -> None:
    """Months give what is held, and none has changed."""

    def given(*_: object, **__: object) -> Iterator[Sequence[StoredMeasurement]]:
        return (held[at : at + 5000] for at in range(0, len(held), 5000))

    kept_months.measurement_pages = research_source.measurement_pages = given
    kept_months.gap_pages = lambda *_, **__: iter(())
    kept_months.month_version = lambda *_: MonthVersion("1", "1", "0")


def _all(request: ExportRequest, table: TableName, source: ResearchSource) -> tuple[int, int]:
    """How many rows and bytes an export has."""
    rows = size = 0
    for piece in pieces(request, table, source):
        rows, size = rows + piece.rows, size + len(piece.data)
    return rows, size


def _timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """What it gave, and the seconds on the clock and of CPU that it took."""
    wall, busy = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - wall, time.process_time() - busy


def from_engine(connect: Callable[[], Server]) -> None:
    with connect() as server:
        months = [START]
        try:
            ensure_months(server, months)
            stored = [_document(each) for each in month(STORED_DAYS)]
            begun = time.perf_counter()
            for at in range(0, len(stored), 2000):
                write_research(server, stored[at : at + 2000])
            print(
                f"{len(stored):,} documents written at {len(stored) / (time.perf_counter() - begun):,.0f}/s"
            )
            _compare(server, connect, len(stored))
        finally:
            server.delete_database(month_database(START))


def _compare(server: Server, connect: Callable[[], Server], documents: int) -> None:
    source = ResearchSource(connect, anonymity=OPEN)
    for wanted in FORMATS:
        request = wish(wanted, "measurements", STORED_DAYS)
        ratios, ours, least = [], 0.0, float("inf")
        for _ in range(TURNS):
            own = documents / _timed(partial(_read_raw, server))[1]
            _, took, busy = _timed(partial(_all, request, "measurements", source))
            own = (own + documents / _timed(partial(_read_raw, server))[1]) / 2
            ratios.append(documents / took / own)
            ours, least = max(ours, documents / took), min(least, busy)
        print(
            f"engine measurements {wanted:<7} {ours:>8,.0f} documents/s ({ours * len(CODES):,.0f} rows/s), "
            f"{sorted(ratios)[len(ratios) // 2]:.2f} of its own speed "
            f"(turns: {', '.join(f'{each:.2f}' for each in ratios)}), "
            f"{least / documents * 1e6:.0f} CPU s a million documents, peak {peak():.0f} MB"
        )


def _read_raw(server: Server) -> None:
    with closing(
        server.transport.stream(
            "GET", month_database(START), "_all_docs", params={"include_docs": "true"}, timeout_s=600
        )
    ) as answer:
        for _chunk in answer.iter_content(1024 * 1024):
            pass


def _document(item: StoredMeasurement) -> ResearchMeasurement:
    slot = datetime.fromisoformat(item.slot)
    return ResearchMeasurement(
        household=item.household,
        meter=item.meter,
        slot=slot,
        measured_at=datetime.fromisoformat(item.measured_at),
        time_source="synchronized",
        data=tuple(
            Reading(obis=each.obis, value=each.value, scaler=each.scaler, unit=each.unit)
            for each in item.data
        ),
    )


@contextmanager
def engine(folder: Path) -> Iterator[Callable[[], Server]]:
    """The CouchDB of SURVEY_COUCHDB_URL, or an embedded node."""
    url = os.environ.get("SURVEY_COUCHDB_URL")
    if url:
        yield partial(Server, url, timeout_s=600)
        return
    password = uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-m", "couch.node", "--port", "0", "--data", str(folder / "node")],
        env={**os.environ, "SURVEY_ADMIN_PASSWORD": password},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "listening on " in line)
        address = line.partition("listening on ")[2].split()[0].rstrip("/")
        yield partial(Server, address, user="admin", password=password, timeout_s=600)
    finally:
        process.terminate()
        process.wait(30)


def main() -> None:
    """What is cut from kept months is measured by a process of its own: a peak of memory never falls."""
    if sys.argv[1:2] == ["cut"]:
        from_kept(Path(sys.argv[2]))
        return
    wanted = sys.argv[1:] or ["engine", "kept"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "engine" in wanted:
            with engine(folder) as connect:
                from_engine(connect)
        if "kept" in wanted:
            keep(folder)
            subprocess.run([sys.executable, __file__, "cut", name], check=True)


if __name__ == "__main__":
    main()
