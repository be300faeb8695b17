"""The rows of a table for a selection, batch by batch in constant memory: what every way out is cut from."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from webapp.analyst.anonymity.statement import told
from webapp.analyst.context_tables import context_rows
from webapp.analyst.intervals import intervals
from webapp.analyst.selection import Selection, TableName
from webapp.analyst.source import Source
from webapp.analyst.table_schemas import COLUMNS_VERSION, TABLES, Table, schema_of

__all__ = ["COLUMNS_VERSION", "TABLES", "Table", "batches", "chosen_households", "schema_of"]


def batches(
    table: TableName, selection: Selection, source: Source, *, after: str | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows of `table` that `selection` asks for; those it leaves out leave empty batches behind.

    `after`: of `measurements` only what comes after this id. Raises CouchError.
    """
    households = chosen_households(selection, source)
    start, end = selection.start_at, selection.end_at
    if table == "measurements":
        for batch in source.measurements(start, end, households, after):
            yield _of_quality(batch, selection)
    elif table == "intervals":
        meters = {meter.meter: meter.meter_type for context in source.contexts() for meter in context.meters}
        for batch in intervals(source, meters, start, end, households):
            yield _of_quality(batch, selection)
    elif table == "gaps":
        yield from source.gaps(start, end, households)
    else:
        contexts = [each for each in source.contexts() if households is None or each.household in households]
        yield context_rows(table, contexts, told(contexts, source.anonymity, source.region_of))


def chosen_households(selection: Selection, source: Source) -> frozenset[str] | None:
    """The pseudonyms that households and regions of a selection leave over; None: all."""
    named = frozenset(selection.households) if selection.households else None
    if not selection.regions:
        return named
    within = frozenset(
        context.household
        for context in source.contexts()
        if context.location is not None
        and (source.region_of(context.location.latitude, context.location.longitude) or "").startswith(
            selection.regions
        )
    )
    return within if named is None else named & within


def _of_quality(batch: pa.RecordBatch, selection: Selection) -> pa.RecordBatch:
    """Measurements and intervals without those of less than the wanted quality."""
    names = batch.schema.names
    if "unmarked" in selection.quality:
        batch = batch.filter(pc.equal(pc.list_value_length(batch["marks"]), 0))
    if "without_gaps" in selection.quality and "slots" in names:
        batch = batch.filter(pc.equal(batch["slots"], 1))
    if "synchronized" in selection.quality:
        if "time_source" in names:
            batch = batch.filter(pc.equal(batch["time_source"], "synchronized"))
        else:
            batch = batch.filter(pc.invert(_marked(batch["marks"], "unsynchronized")))
    return batch


def _marked(marks: pa.Array, mark: str) -> pa.Array:
    """Which rows bear a mark."""
    return pc.match_substring(pc.binary_join(marks, " "), mark)
