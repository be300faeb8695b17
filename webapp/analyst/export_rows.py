"""The rows of an export: one for each reading of each measurement. Pure, and written for speed."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from couch.documents import ResearchMeasurement

# Bumped when a column is added or changes its meaning.
COLUMNS_VERSION = 1


class ExportRow(msgspec.Struct, frozen=True, gc=False):
    """The columns in their order. Quantity in `unit` = value * 10**scaler, exactly as the meter sent it."""

    household: str
    meter: str
    slot: datetime
    measured_at: datetime
    time_source: str
    obis: str
    value: int
    scaler: int
    unit: str | None
    marks: tuple[str, ...]


def rows_of(measurements: Iterable[ResearchMeasurement]) -> list[ExportRow]:
    """The rows of some measurements, in their order."""
    return [
        ExportRow(
            item.household,
            item.meter,
            item.slot,
            item.measured_at,
            item.time_source,
            reading.obis,
            reading.value,
            reading.scaler,
            reading.unit,
            item.marks,
        )
        for item in measurements
        for reading in item.data
    ]
