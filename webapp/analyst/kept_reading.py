"""Rows out of kept files by row groups; those that hold nothing wanted are passed over by statistics."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from couch.clock import from_rfc3339
from couch.errors import Unreachable
from couch.reading_ahead import read_ahead
from webapp.analyst.selection import TableName
from webapp.analyst.table_schemas import schema_of

_ORDERED_BY: dict[TableName, str] = {"measurements": "slot", "gaps": "from_slot"}


def kept_measurements(
    file: Path, start: datetime, end: datetime, households: frozenset[str] | None, after: str | None
) -> Iterator[pa.RecordBatch]:
    """Rows with slots in [start, end) in their order; see `Source.measurements`.

    Raises Unreachable when the file is damaged or went meanwhile.
    """
    if after is not None:
        start = max(start, from_rfc3339(after.removeprefix("measurement:").rpartition(":")[0]))
    for batch in _groups(file, "measurements", start, end, households):
        yield batch if after is None else batch.filter(_behind(batch, after))


def kept_gaps(
    file: Path, start: datetime, end: datetime, households: frozenset[str] | None
) -> Iterator[pa.RecordBatch]:
    """Rows whose first slot lies in [start, end), in their order. Raises Unreachable."""
    return _groups(file, "gaps", start, end, households)


def of_households(batch: pa.RecordBatch, households: frozenset[str] | None) -> pa.RecordBatch:
    """The rows of these households; None: all."""
    if households is None:
        return batch
    wanted = pa.array(sorted(households), pa.string())
    return batch.filter(pc.is_in(batch["household"], value_set=wanted))


def _groups(
    file: Path, table: TableName, start: datetime, end: datetime, households: frozenset[str] | None
) -> Iterator[pa.RecordBatch]:
    time = _ORDERED_BY[table]

    def read() -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(file, page_checksum_verification=True) as kept:
            for number in range(kept.num_row_groups):
                within = _within(kept, number, time, start, end)
                if within is not None:
                    # Parquet knows no whole seconds: they came as milliseconds.
                    batch = _batch(kept.read_row_group(number).cast(schema_of(table)))
                    yield batch if within else _in_time(batch, time, start, end)

    try:
        for batch in read_ahead(read):
            yield of_households(batch, households)
    except (OSError, pa.ArrowException) as err:
        raise Unreachable(
            f"what is kept of {file.parent.name} cannot be read any more ({type(err).__name__}); "
            "the export may be tried again."
        ) from err


def _within(kept: pq.ParquetFile, number: int, time: str, start: datetime, end: datetime) -> bool | None:
    """Whether a row group lies wholly in [start, end); None: none of it does."""
    found = kept.metadata.row_group(number).column(kept.schema_arrow.get_field_index(time)).statistics
    first, last = found.min, found.max
    if last < start or first >= end:
        return None
    return bool(start <= first and last < end)


def _in_time(batch: pa.RecordBatch, time: str, start: datetime, end: datetime) -> pa.RecordBatch:
    kind = batch.schema.field(time).type
    low, high = pa.scalar(start, kind), pa.scalar(end, kind)
    return batch.filter(pc.and_(pc.greater_equal(batch[time], low), pc.less(batch[time], high)))


def _behind(batch: pa.RecordBatch, after: str) -> pa.Array:
    slot, _, meter = after.removeprefix("measurement:").rpartition(":")
    last = pa.scalar(from_rfc3339(slot), batch.schema.field("slot").type)
    later, same = pc.greater(batch["slot"], last), pc.equal(batch["slot"], last)
    return pc.or_(later, pc.and_(same, pc.greater(batch["meter"], meter)))


def _batch(table: pa.Table) -> pa.RecordBatch:
    return table.combine_chunks().to_batches()[0]
