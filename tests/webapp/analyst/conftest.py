"""Measurements under pseudonyms, and sources of them in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from couch.clock import SLOT, from_rfc3339
from couch.documents import Context, Reading, ResearchMeasurement, stamp
from couch.research_pages import StoredMeasurement, StoredReading
from webapp.analyst.anonymity.settings import AnonymitySettings
from webapp.analyst.export_ledger import Withdrawn
from webapp.analyst.export_request import ExportRequest
from webapp.analyst.kept_reading import of_households
from webapp.analyst.measurement_batches import measurement_batch

START = from_rfc3339("2026-01-01T00:00:00Z")


def measured(
    slot: datetime, meter: int, *, marks: tuple[str, ...] = (), unit: str | None = "Wh"
) -> ResearchMeasurement:
    """A measurement with two readings; meters 0 to 9 belong to household 0, and so on."""
    count = int((slot - START) / SLOT)
    return ResearchMeasurement(
        household=f"{meter // 10:032x}",
        meter=f"{meter:032x}",
        slot=slot,
        measured_at=slot + timedelta(seconds=4),
        time_source="synchronized",
        data=(
            Reading(obis="0100010800ff", value=1_000_000 + count, scaler=-1, unit=unit),
            Reading(obis="0100100700ff", value=-250, scaler=0, unit="W"),
        ),
        marks=marks,
    )


class MemorySource:
    """A source over lists; `breaks_after` measurements it raises `error`, once; a batch holds `size`."""

    def __init__(self, measurements: list[ResearchMeasurement]) -> None:
        self.measurements_ = sorted(measurements, key=lambda item: item.id)
        self.held: list[Context] = []
        self.asked: list[str | None] = []
        self.breaks_after: int | None = None
        self.error: BaseException = KeyboardInterrupt()
        self.size = 50
        self.anonymity = AnonymitySettings(threshold=1)
        self.regions: dict[tuple[float, float], str] = {}

    @property
    def stored(self) -> list[StoredMeasurement]:
        """As the months of research give them."""
        return [stored(item) for item in self.measurements_]

    def measurements(
        self, start: datetime, end: datetime, households: frozenset[str] | None, after: str | None
    ) -> Iterator[Any]:
        self.asked.append(after)
        waiting: list[StoredMeasurement] = []
        for number, item in enumerate(self.measurements_):
            if number == self.breaks_after:
                self.breaks_after = None
                raise self.error
            if start <= item.slot < end and (after is None or item.id > after):
                waiting.append(stored(item))
            if len(waiting) == self.size:
                yield of_households(measurement_batch(waiting), households)
                waiting = []
        if waiting:
            yield of_households(measurement_batch(waiting), households)

    def gaps(self, start: datetime, end: datetime, households: frozenset[str] | None) -> Iterator[Any]:
        yield from ()

    def contexts(self) -> list[Context]:
        return self.held

    def region_of(self, latitude: float, longitude: float) -> str | None:
        return self.regions.get((latitude, longitude))


def stored(item: ResearchMeasurement) -> StoredMeasurement:
    """As the months of research give it."""
    return StoredMeasurement(
        item.household,
        item.meter,
        stamp(item.slot),
        stamp(item.measured_at),
        item.time_source,
        tuple(StoredReading(each.obis, each.value, each.scaler, each.unit) for each in item.data),
        item.marks,
    )


@pytest.fixture
def make_source() -> Callable[[list[ResearchMeasurement]], MemorySource]:
    return MemorySource


@pytest.fixture
def measurement() -> Callable[..., ResearchMeasurement]:
    return measured


@pytest.fixture
def month() -> MemorySource:
    """Three days of three meters in two households."""
    return MemorySource(
        [measured(START + number * SLOT, meter) for number in range(3 * 96) for meter in (1, 2, 11)]
    )


@dataclass
class LedgerInMemory:
    """Records of exports; `withdrawn` are told to each."""

    withdrawn: tuple[Withdrawn, ...] = ()
    records: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    error: Exception | None = None

    def withdrawals(self) -> tuple[Withdrawn, ...]:
        return self.withdrawn

    def record(self, request: ExportRequest, sha256: str, households: tuple[str, ...]) -> None:
        if self.error is not None:
            raise self.error
        self.records.append((sha256, households))


@pytest.fixture
def ledger() -> LedgerInMemory:
    return LedgerInMemory()
