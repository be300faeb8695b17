"""Rows a second of an export: encoding alone, and the whole way from a database into a file.

python tests/bench/bench_export.py                       encoding and files, from memory
SURVEY_COUCHDB_URL=http://admin:pw@host:5984 python ...  also from that CouchDB (a month in the year 9999)
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from couch.client import Server
from couch.clock import SLOT
from couch.documents import Reading, ResearchMeasurement
from couch.names import month_database
from couch.research import ensure_months, write_research
from webapp.analyst.export_folder import export_to_folder
from webapp.analyst.export_ledger import Withdrawn
from webapp.analyst.export_pieces import Source
from webapp.analyst.export_request import FORMATS, ExportRequest, parse_request
from webapp.analyst.research_source import research_source

START = datetime(9999, 1, 1, tzinfo=UTC)
METERS, DAYS, READINGS = 20, 31, 4


def month() -> Iterator[ResearchMeasurement]:
    """A month of 20 meters, four readings each, in the order of an export."""
    for number in range(DAYS * 96):
        slot = START + number * SLOT
        for meter in range(METERS):
            yield ResearchMeasurement(
                household=f"{meter // 2:032x}",
                meter=f"{meter:032x}",
                slot=slot,
                measured_at=slot + timedelta(seconds=4),
                time_source="synchronized",
                data=tuple(
                    Reading(obis=obis, value=123456789 + number, scaler=-1, unit=unit)
                    for obis, unit in (
                        ("0100010800ff", "Wh"),
                        ("0100020800ff", "Wh"),
                        ("0100100700ff", "W"),
                        ("0100240700ff", "W"),
                    )
                ),
            )


class Unkept:
    """A ledger that keeps nothing: the records of real exports are not to hold this one."""

    def withdrawals(self) -> tuple[Withdrawn, ...]:
        return ()

    def record(self, request: ExportRequest, sha256: str, households: tuple[str, ...]) -> None:
        pass


def measure(name: str, source: Source) -> None:
    for wanted in FORMATS:
        request = parse_request("9999-01-01", "9999-02-01", None, wanted)
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            done = export_to_folder(request, Path(folder), source, Unkept())
            took = time.perf_counter() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{name:<8} {wanted:<7} {done.rows:>8,} rows {took:6.2f} s {done.rows / took:>10,.0f} rows/s "
            f"{done.size / 1e6:6.1f} MB, peak {peak:.0f} MB"
        )


def main() -> None:
    held = list(month())

    def memory(_request: ExportRequest, _after: str | None) -> Iterator[ResearchMeasurement]:
        return iter(held)

    url = os.environ.get("SURVEY_COUCHDB_URL")
    if not url:
        measure("memory", memory)
        return
    with Server(url, timeout_s=120) as server:
        try:
            ensure_months(server, [START])
            for at in range(0, len(held), 5000):
                write_research(server, held[at : at + 5000])
            held.clear()
            measure("database", research_source(server))
        finally:
            server.delete_database(month_database(START))


if __name__ == "__main__":
    main()
