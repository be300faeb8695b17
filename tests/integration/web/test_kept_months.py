"""Finished months kept beside a real database: the same bytes, and never older ones."""

import json
import random
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from couch.client import Server
from couch.clock import SLOT, Clock
from couch.documents import (
    ConsentState,
    Context,
    ContextMeter,
    Reading,
    ResearchGap,
    ResearchMeasurement,
)
from couch.names import RESEARCH, month_database
from couch.research import ensure_months, write_research
from couch.settings import Endpoint
from webapp.analyst.anonymity.settings import AnonymitySettings
from webapp.analyst.export_pieces import pieces
from webapp.analyst.export_request import FORMATS, TABLE_NAMES, ExportRequest, parse_request
from webapp.analyst.keeper import Keeper
from webapp.analyst.kept_months import KeptMonths
from webapp.analyst.research_source import ResearchSource

OPEN = AnonymitySettings(threshold=1)


@dataclass
class Research:
    """Two households with three meters over the border of two months; a quarter of the slots missing."""

    server: Server
    first: datetime
    second: datetime
    households: tuple[str, str]
    meters: tuple[str, str, str]

    def measurement(self, slot: datetime, meter: int) -> ResearchMeasurement:
        count = int((slot - self.first) / SLOT)
        return ResearchMeasurement(
            household=self.households[meter // 2],
            meter=self.meters[meter],
            slot=slot,
            measured_at=slot + timedelta(seconds=4),
            time_source="synchronized" if count % 7 else "unsynchronized",
            data=(
                Reading(obis="0100010800ff", value=5 * count if count % 31 else 0, scaler=-1, unit="Wh"),
                Reading(obis="0100020800ff", value=7 * count, scaler=3 if meter == 2 else -4, unit="Wh"),
                Reading(obis="0100100700ff", value=-count, scaler=0, unit="W"),
            ),
            marks=("power_sign",) if count % 5 == 0 else (),
        )

    def wish(self, wanted: str, **more: Any) -> ExportRequest:
        end = self.second + timedelta(days=1)
        return parse_request(
            f"{self.second - timedelta(days=1):%Y-%m-%d}",
            f"{end:%Y-%m-%d}",
            more.pop("household", None),
            wanted,
            **more,
        )


@pytest.fixture
def research(couch_server: Server, central: None) -> Iterator[Research]:
    first = datetime(random.randrange(2100, 9000), 1, 1, tzinfo=UTC)
    ids = [uuid.uuid4().hex for _ in range(5)]
    found = Research(couch_server, first, first.replace(month=2), (ids[0], ids[1]), (ids[2], ids[3], ids[4]))
    contexts = [
        Context(
            household=household,
            consent=ConsentState.GRANTED,
            meters=tuple(ContextMeter(meter=meter, meter_type=kind, model="MT175") for meter, kind in meters),
        )
        for household, meters in (
            (ids[0], ((ids[2], "ELECTRICITY"), (ids[3], "PV_GENERATION"))),
            (ids[1], ((ids[4], "ELECTRICITY"),)),
        )
    ]
    database = couch_server.database(RESEARCH)
    revs = [database.put(context.to_json()) for context in contexts]
    ensure_months(couch_server, [first, found.second])
    chance = random.Random(5)
    slots = [found.second - timedelta(days=1) + number * SLOT for number in range(2 * 96 + 1)]
    docs: list[ResearchMeasurement | ResearchGap] = [
        found.measurement(slot, meter) for slot in slots for meter in range(3) if chance.random() > 0.25
    ]
    docs.append(
        ResearchGap(
            household=ids[0], meter=ids[2], from_slot=slots[3], to_slot=slots[5], cause="meter_silent"
        )
    )
    write_research(couch_server, docs)
    yield found
    for context, rev in zip(contexts, revs, strict=True):
        database.delete(context.id, rev)
    for month in (first, found.second):
        couch_server.delete_database(month_database(month))


@pytest.fixture
def connect(couch_admin: Endpoint) -> Any:
    return lambda: couch_admin.server(timeout_s=30)


def content(request: ExportRequest, source: ResearchSource) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for table in request.selection.tables:
        for piece in pieces(request, table, source):
            found[piece.file] = found.get(piece.file, b"") + piece.data
    return found


@pytest.fixture
def kept(research: Research, connect: Any, tmp_path: Path) -> KeptMonths:
    found = KeptMonths(tmp_path / "kept")
    for month in (research.first, research.second):
        assert found.build(connect, month, page=50) is not None
    return found


def test_kept_months_and_the_database_give_the_same_bytes(
    research: Research, connect: Any, kept: KeptMonths, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = ResearchSource(connect, anonymity=OPEN)
    months = ResearchSource(connect, kept=kept, anonymity=OPEN)
    chosen: list[dict[str, Any]] = [
        {},
        {"household": research.households[0]},
        {"quality": ["unmarked", "without_gaps", "synchronized"]},
    ]
    wishes = [research.wish(wanted, tables=TABLE_NAMES, **more) for wanted in FORMATS for more in chosen]
    expected = [content(wish, database) for wish in wishes]
    # From here on the database's readings would be missed: what is kept is all there is.
    monkeypatch.setattr("webapp.analyst.research_source.measurement_pages", None)
    monkeypatch.setattr("webapp.analyst.research_source.gap_pages", None)
    assert [content(wish, months) for wish in wishes] == expected
    files = set(expected[-3])
    months_of = {f"{month:%Y-%m}" for month in (research.first, research.second)}
    assert {f"measurements/month={month}/part-0.parquet" for month in months_of} <= files
    rows = [json.loads(line) for line in expected[0]["gaps.ndjson"].splitlines()]
    assert [(row["slots"], row["cause"]) for row in rows] == [(3, "meter_silent")]


def test_a_month_that_was_written_to_is_read_from_the_database_until_it_is_kept_again(
    research: Research, connect: Any, kept: KeptMonths
) -> None:
    months = ResearchSource(connect, kept=kept, anonymity=OPEN)
    wish = research.wish("csv")
    before = content(wish, months)["measurements.csv"]
    late = [research.measurement(research.second - back * SLOT, 2) for back in range(1, 40)]
    assert write_research(research.server, late).refused == ()  # a quarter of them was missing
    after = content(wish, months)["measurements.csv"]
    assert len(after) > len(before)
    nine_days_on = Clock(epoch=(research.second + timedelta(days=9)).timestamp(), wall0=time.time())
    keeper = Keeper(kept, connect, nine_days_on, 3)
    assert keeper.build_one() is None  # it may be written to still
    assert keeper.build_one() == f"{research.first:%Y-%m}"
    assert content(wish, months)["measurements.csv"] == after
    assert kept.build(connect, research.first) == kept.state(f"{research.first:%Y-%m}")


def test_months_are_kept_and_an_export_cut_from_them_by_commands(
    run_survey: Any, centre_toml: Any, research: Research, tmp_path: Path
) -> None:
    config = centre_toml(more='kept_folder = "kept"')
    month = f"{research.first:%Y-%m}"
    done = run_survey("export", "keep", "--config", config, "--month", month, "--json")
    assert done.returncode == 0, done.stderr
    (kept,) = json.loads(done.stdout)["kept"]
    assert kept["month"] == month
    wish = research.wish("parquet").about()
    period = ("--from", wish["from"], "--to", wish["to"])
    more = ("--table", "intervals", "--table", "context", "--format", "parquet")
    out = tmp_path / "out"
    exported = run_survey("export", *period, *more, "--config", config, "--out", out)
    assert exported.returncode == 0, exported.stderr
    package = json.loads((out / "datapackage.json").read_text())
    assert [resource["name"] for resource in package["resources"]] == ["intervals", "context"]
    assert (out / "intervals" / f"month={month}" / "part-0.parquet").is_file()


def test_a_centre_that_keeps_no_months_says_so(run_survey: Any, centre_toml: Any, fault_line: Any) -> None:
    assert "kept_folder" in fault_line(run_survey("export", "keep", "--config", centre_toml()))
