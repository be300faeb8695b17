"""Measurements under pseudonyms, and sources of them in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from couch.clock import SLOT, from_rfc3339
from couch.documents import Reading, ResearchMeasurement
from webapp.analyst.export_ledger import Withdrawn
from webapp.analyst.export_request import ExportRequest

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
    """A source over a list; `breaks_after` measurements it raises `error`, once."""

    def __init__(self, measurements: list[ResearchMeasurement]) -> None:
        self.measurements = sorted(measurements, key=lambda item: item.id)
        self.asked: list[str | None] = []
        self.breaks_after: int | None = None
        self.error: BaseException = KeyboardInterrupt()

    def __call__(self, request: ExportRequest, after: str | None) -> Iterator[ResearchMeasurement]:
        self.asked.append(after)
        for number, item in enumerate(self.measurements):
            if number == self.breaks_after:
                self.breaks_after = None
                raise self.error
            if request.start_at <= item.slot < request.end_at and (after is None or item.id > after):
                yield item


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
