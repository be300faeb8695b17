"""A survey in memory with six households, and what makes data sets of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from couch.clock import SLOT, Clock, to_rfc3339
from couch.documents import ConsentState, Context, ContextLocation, ContextMeter, ContextPvSystem, Metadata
from couch.research_pages import StoredMeasurement, StoredReading
from webapp.analyst.anonymity.settings import AnonymitySettings
from webapp.analyst.export_ledger import Withdrawn
from webapp.analyst.export_request import ExportRequest
from webapp.analyst.measurement_batches import measurement_batch
from webapp.analyst.releases import pages
from webapp.analyst.releases.making import Maker
from webapp.analyst.releases.services import ReleaseServices
from webapp.analyst.releases.settings import DataSetSettings
from webapp.analyst.releases.store import ReleaseStore
from webapp.analyst.releases.watch import ReleaseWatch
from webapp.analyst.selection import Selection
from webapp.analyst.table_schemas import TABLES, schema_of
from webapp.site import SERVICES

START = datetime(2026, 1, 31, 18, tzinfo=UTC)
HOUSEHOLDS = 6
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class StandingClock(Clock):
    def now(self) -> datetime:
        return NOW


def pseudonym(kind: str, number: int) -> str:
    return f"{kind}{number:031x}"


def context_of(number: int) -> Context:
    return Context(
        household=pseudonym("a", number),
        consent=ConsentState.GRANTED,
        location=ContextLocation(latitude=49.0, longitude=8.0 + number / 100, anonymized=False),
        metadata=Metadata(
            children=1, adults=2, adults_with_job=1, ev_charger=False, heat_pump=True, home_battery=False
        ),
        pv_systems=(
            ContextPvSystem(
                pv_system=pseudonym("c", number),
                nominal_power_kw=7.5,
                azimuth_deg=180.0,
                tilt_deg=30.0,
                installed_on=date(2019, 5, 1),
                meters=(pseudonym("e", number),),
            ),
        ),
        meters=(
            ContextMeter(meter=pseudonym("b", number), meter_type="ELECTRICITY", model="MT175"),
            ContextMeter(meter=pseudonym("e", number), meter_type="PV_GENERATION", model="DD3"),
        ),
    )


def stored(slot: datetime, number: int, kind: str) -> StoredMeasurement:
    count = int((slot - START) / SLOT)
    drawn = StoredReading(obis="0100010800ff", value=1000 * number + 7 * count, scaler=0, unit="Wh")
    fed_in = StoredReading(obis="0100020800ff", value=50 + 3 * count, scaler=0, unit="Wh")
    made = StoredReading(obis="0100020800ff", value=1000 * number + 7 * count, scaler=0, unit="Wh")
    return StoredMeasurement(
        household=pseudonym("a", number),
        meter=pseudonym(kind, number),
        slot=to_rfc3339(slot),
        measured_at=to_rfc3339(slot + timedelta(seconds=4)),
        time_source="synchronized",
        data=(drawn, fed_in) if kind == "b" else (made,),
        marks=("power_sign",) if count == 3 else (),
    )


@dataclass
class SurveyInMemory:
    """Twelve hours of six households around the end of January."""

    known: list[Context] = field(default_factory=lambda: [context_of(n) for n in range(HOUSEHOLDS)])
    anonymity: AnonymitySettings = field(default_factory=lambda: AnonymitySettings(threshold=3))
    slots: int = 48
    batch: int = 400
    measured: Callable[[int], bool] = lambda _number: True

    def measurements(
        self, start: datetime, end: datetime, households: frozenset[str] | None, after: str | None
    ) -> Iterator[pa.RecordBatch]:
        numbers = [n for n in range(HOUSEHOLDS) if self.measured(n)]
        found = [
            stored(slot, number, kind)
            for slot in (START + count * SLOT for count in range(self.slots))
            if start <= slot < end
            for kind in "be"
            for number in numbers
            if households is None or pseudonym("a", number) in households
        ]
        for at in range(0, len(found), self.batch):
            yield measurement_batch(found[at : at + self.batch])

    def gaps(
        self, start: datetime, end: datetime, households: frozenset[str] | None
    ) -> Iterator[pa.RecordBatch]:
        row = {
            "household": pseudonym("a", 1),
            "meter": pseudonym("b", 1),
            "from_slot": START,
            "to_slot": START,
            "slots": 1,
            "cause": "device_off",
        }
        yield pa.RecordBatch.from_pylist([row], schema=schema_of("gaps"))

    def contexts(self) -> Sequence[Context]:
        return self.known

    def region_of(self, latitude: float, longitude: float) -> str | None:
        return "DE123"


@dataclass
class LedgerInMemory:
    withdrawn: tuple[Withdrawn, ...] = ()
    records: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)  # by checksum
    error: Exception | None = None

    def record(self, request: ExportRequest, sha256: str, households: tuple[str, ...]) -> None:
        if self.error is not None:
            raise self.error
        self.records[sha256] = (request.format, households)


@pytest.fixture
def survey() -> SurveyInMemory:
    return SurveyInMemory()


@pytest.fixture
def ledger() -> LedgerInMemory:
    return LedgerInMemory()


@pytest.fixture
def store(tmp_path: Path) -> ReleaseStore:
    return ReleaseStore(tmp_path / "releases")


@pytest.fixture
def maker(survey: SurveyInMemory, ledger: LedgerInMemory, store: ReleaseStore) -> Maker:
    return Maker(
        store=store,
        source=survey,
        settings=DataSetSettings(authors=('Institute of Energy: Section "A"',), licence="CC-BY-4.0"),
        clock=StandingClock(),
        sequences=lambda _selection: {"research": "12-abc", "research-2026-01": "900-x"},
        withdrawals=lambda: ledger.withdrawn,
        record=ledger.record,
    )


@pytest.fixture
def selection() -> Selection:
    return Selection(start_at=START, end_at=START + timedelta(days=2), tables=tuple(TABLES))


class Research:
    """The database `research`, and the server that has it, as the watch sees them."""

    def __init__(self, fake: Any, survey: SurveyInMemory) -> None:
        self.fake = fake
        for context in survey.known:
            self.holds(context)

    def holds(self, document: Any) -> None:
        body = document.to_json()
        self.fake.docs[body["_id"]] = body

    def database(self, _name: str) -> Any:
        return self.fake


@pytest.fixture
def research(fake_database: Any, survey: SurveyInMemory) -> Research:
    return Research(fake_database, survey)


@pytest.fixture
def watch(store: ReleaseStore, research: Research, maker: Maker) -> ReleaseWatch:
    return ReleaseWatch(store, lambda: research, maker.clock)  # type: ignore[arg-type,return-value]


@pytest.fixture
def site(  # noqa: PLR0917
    centre: Any,
    store: ReleaseStore,
    watch: ReleaseWatch,
    maker: Maker,
    survey: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Any]:
    """The centre's pages with this folder of data sets; whoever publishes waits for the end of it."""
    monkeypatch.setattr(pages, "_SOON_S", 60.0)
    services = centre.app.extensions[SERVICES]
    releases = ReleaseServices(store=store, watch=watch, maker=lambda: maker, anonymity=survey.anonymity)
    centre.app.extensions[SERVICES] = replace(services, releases=releases)
    yield centre
    centre.app.extensions[SERVICES] = services
