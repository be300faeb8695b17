"""Gaps as the engine keeps them, as batches of rows. Pure."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from couch.clock import SLOT
from couch.research_pages import StoredGap
from webapp.analyst.measurement_batches import moments
from webapp.analyst.table_schemas import schema_of


def gap_batch(found: Sequence[StoredGap]) -> pa.RecordBatch:
    """The rows of some gaps, in their order."""
    begin, end = moments([gap.from_slot for gap in found]), moments([gap.to_slot for gap in found])
    between = pc.subtract(end.cast(pa.int64()), begin.cast(pa.int64()))
    slots = pc.add(pc.divide(between, int(SLOT.total_seconds())), 1).cast(pa.int32())
    return pa.RecordBatch.from_arrays(
        [
            pa.array([gap.household for gap in found], pa.string()),
            pa.array([gap.meter for gap in found], pa.string()),
            begin,
            end,
            slots,
            pa.array([gap.cause for gap in found], pa.string()),
        ],
        schema=schema_of("gaps"),
    )
