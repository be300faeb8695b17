"""Measurements as the engine keeps them, as batches of rows: one row for each reading. Pure, for speed."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from couch.research_pages import StoredMeasurement
from webapp.analyst.table_schemas import schema_of

BEYOND = "beyond_64_bits"
_LEAST, _MOST = -(2**63), 2**63 - 1
_SCHEMA = schema_of("measurements")


def measurement_batch(found: Sequence[StoredMeasurement]) -> pa.RecordBatch:
    """The rows of some measurements, in their order."""
    readings = [reading for item in found for reading in item.data]
    owner = pa.array([number for number, item in enumerate(found) for _ in item.data], pa.int32())
    values = [reading.value for reading in readings]
    marks = [list(item.marks) for item in found]
    if any(not _LEAST <= value <= _MOST for value in values):  # rare: a jump of a 64-bit counter's last bit
        return _with_large_values(found)
    times = [moments([item.slot for item in found]), moments([item.measured_at for item in found])]
    texts = [
        pa.array([item.household for item in found], pa.string()),
        pa.array([item.meter for item in found], pa.string()),
    ]
    return pa.RecordBatch.from_arrays(
        [
            texts[0].take(owner),
            texts[1].take(owner),
            times[0].take(owner),
            times[1].take(owner),
            pa.array([item.time_source for item in found], pa.string()).take(owner),
            pa.array([reading.obis for reading in readings], pa.string()),
            pa.array(values, pa.int64()),
            pa.array([reading.scaler for reading in readings], pa.int8()),
            pa.array([reading.unit for reading in readings], pa.string()),
            pa.array(marks, pa.list_(pa.string())).take(owner),
        ],
        schema=_SCHEMA,
    )


def _with_large_values(found: Sequence[StoredMeasurement]) -> pa.RecordBatch:
    rows = []
    for item in found:
        for reading in item.data:
            fits = _LEAST <= reading.value <= _MOST
            rows.append(
                (
                    item.household,
                    item.meter,
                    item.slot,
                    item.measured_at,
                    item.time_source,
                    reading.obis,
                    reading.value if fits else None,
                    reading.scaler,
                    reading.unit,
                    [*item.marks] if fits else [*item.marks, BEYOND],
                )
            )
    columns: list[list[object]] = [list(column) for column in zip(*rows, strict=True)]
    arrays = [
        moments(column) if pa.types.is_timestamp(field.type) else pa.array(column, field.type)
        for field, column in zip(_SCHEMA, columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA)


def moments(texts: Sequence[object]) -> pa.Array:
    """RFC 3339 texts as UTC times; each text is parsed once, however often it stands there."""
    coded = pa.array(texts, pa.string()).dictionary_encode()
    return pc.cast(coded.dictionary, pa.timestamp("s", tz="UTC")).take(coded.indices)
