"""Energy between neighbouring measurements, exactly what the counters moved. Constant memory: what is kept
from batch to batch is the last counter of each meter and direction.

An interval lies in a range when both its measurements do, the range's end included: ranges that follow each
other leave nothing out between them but an interval that spans missing slots across the border.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from couch.clock import SLOT
from webapp.analyst.counters import PER_KWH, counters
from webapp.analyst.source import Source
from webapp.analyst.table_schemas import ENERGY, schema_of

_log = logging.getLogger(__name__)
QUANTITIES = {
    "ELECTRICITY": ("drawn", "fed_in"),
    "PV_GENERATION": ("system_use", "generated"),  # what it made stands in the register of feeding in
}
MARKS = ("gap", "reset", "meter_change", "jump", "unsynchronized")
_SLOT_S = int(SLOT.total_seconds())
_LARGEST_CONNECTION_KW = 250  # as the devices judge it
_MOST_IN_A_SECOND = _LARGEST_CONNECTION_KW * PER_KWH // 3600 + 1
_SCHEMA = schema_of("intervals")
_COMBINED = [[mark for bit, mark in enumerate(MARKS) if bits >> bit & 1] for bits in range(1 << len(MARKS))]


def intervals(
    source: Source,
    meter_types: Mapping[str, str],
    start: datetime,
    end: datetime,
    households: frozenset[str] | None,
) -> Iterator[pa.RecordBatch]:
    """Rows of `intervals`, ordered by their end and meter. `meter_types`: by pseudonym, ELECTRICITY or not.

    Meters that are not in it are left out: nobody knows what they count.
    """
    upto = end + timedelta(seconds=1)  # the measurement at the end closes the last interval
    yield from between(source.measurements(start, upto, households, None), meter_types)


def between(
    measurements: Iterable[pa.RecordBatch], meter_types: Mapping[str, str]
) -> Iterator[pa.RecordBatch]:
    """The intervals of batches in the order of slots; none may be cut inside a measurement."""
    series = _Series(meter_types)
    for batch in measurements:
        yield series.intervals(batch)
    if series.unknown:
        _log.warning("%d meters stand in no context: their intervals are left out", len(series.unknown))


class _Series:
    """The last counters by number of their series: twice the number of the meter, and the direction."""

    def __init__(self, meter_types: Mapping[str, str]) -> None:
        self._types = meter_types
        self._numbers: dict[str, int] = {}
        self._registers: dict[str, int] = {}
        self.unknown: set[str] = set()
        self._last: pa.Table | None = None

    def intervals(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        found = self._numbered(counters(batch))
        if found.num_rows == 0:
            return pa.RecordBatch.from_pylist([], schema=_SCHEMA)
        kept = [self._last] if self._last is not None else []
        rows = pa.concat_tables([*kept, found]).combine_chunks()
        rows = rows.take(pc.sort_indices(pc.add(pc.shift_left(rows["series"], 32), rows["count_of_slots"])))
        earlier, later = rows.slice(0, rows.num_rows - 1), rows.slice(1)
        same = pc.equal(earlier["series"], later["series"])
        # A register that was sent twice in one measurement counts once.
        again = pc.and_(same, pc.equal(earlier["count_of_slots"], later["count_of_slots"]))
        if pc.any(again).as_py():
            rows = rows.filter(pa.chunked_array([[True], *pc.invert(again).chunks]))
            earlier, later = rows.slice(0, rows.num_rows - 1), rows.slice(1)
            same = pc.equal(earlier["series"], later["series"])
        ends = pa.chunked_array([*pc.invert(same).chunks, pa.array([True])])
        self._last = rows.filter(ends)
        return _moved(earlier.filter(same), later.filter(same))

    def _numbered(self, found: pa.Table) -> pa.Table:
        """With whole numbers in place of what rows are sorted and compared by."""
        meters = pc.dictionary_encode(found["meter"].combine_chunks())
        names = meters.dictionary.to_pylist()
        self.unknown |= {name for name in names if name not in self._types}
        numbers = pa.array(
            [self._numbers.setdefault(name, len(self._numbers)) for name in names], pa.int64()
        ).take(meters.indices)
        generation = pa.array(
            [int(self._types.get(name) == "PV_GENERATION") for name in names], pa.int8()
        ).take(meters.indices)
        known = pa.array([name in self._types for name in names], pa.bool_()).take(meters.indices)
        registers = pc.dictionary_encode(found["registers"].combine_chunks())
        direction = pc.subtract(found["direction"], pa.scalar(1, pa.int8()))
        return pa.table(
            {
                "household": found["household"],
                "meter": found["meter"],
                "registers": found["registers"],
                "generation": generation,
                "direction": direction,
                "slot": found["slot"].cast(pa.int64()),
                "measured_at": found["measured_at"].cast(pa.int64()),
                "synchronized": pc.equal(found["time_source"], "synchronized"),
                "count": found["count"],
                "step": found["step"],
                "registers_number": pa.array(
                    [
                        self._registers.setdefault(name, len(self._registers))
                        for name in registers.dictionary.to_pylist()
                    ],
                    pa.int64(),
                ).take(registers.indices),
                "series": pc.add(pc.multiply(numbers, 2), direction.cast(pa.int64())),
                "count_of_slots": pc.divide(found["slot"].cast(pa.int64()), _SLOT_S),
            }
        ).filter(known)


def _moved(earlier: pa.Table, later: pa.Table) -> pa.RecordBatch:
    """The interval of each pair, ordered by end and meter."""
    slots = pc.subtract(later["count_of_slots"], earlier["count_of_slots"])
    seconds = pc.subtract(later["measured_at"], earlier["measured_at"])
    rise = pc.subtract(later["count"], earlier["count"])
    step = pc.max_element_wise(earlier["step"], later["step"])
    longest = pc.max_element_wise(seconds, pc.multiply(slots, _SLOT_S))
    beyond = pc.or_(
        pc.is_null(rise),
        pc.fill_null(pc.greater(rise, pc.add(pc.multiply(longest, _MOST_IN_A_SECOND), step)), False),
    )
    other = pc.not_equal(earlier["registers_number"], later["registers_number"])
    finer = pc.not_equal(earlier["step"], later["step"])
    fell = pc.fill_null(pc.less(rise, 0), False)
    change = pc.or_(other, pc.and_(fell, finer))
    reset = pc.and_(fell, pc.invert(change))
    jump = pc.and_(beyond, pc.invert(change))
    tells = pc.invert(pc.or_(pc.or_(change, reset), jump))
    vague = pc.invert(pc.and_(earlier["synchronized"], later["synchronized"]))
    flags = (pc.greater(slots, 1), reset, change, jump, vague)
    bits = pa.scalar(0, pa.int32())
    for bit, flag in enumerate(flags):
        bits = pc.add(bits, pc.if_else(flag, pa.scalar(1 << bit, pa.int32()), pa.scalar(0, pa.int32())))
    names = [name for kind in ("ELECTRICITY", "PV_GENERATION") for name in QUANTITIES[kind]]
    quantity = pc.add(pc.multiply(later["generation"], pa.scalar(2, pa.int8())), later["direction"])
    table = pa.table(
        {
            "household": later["household"],
            "meter": later["meter"],
            "quantity": pa.array(names).take(_whole(quantity)),
            "slot": earlier["slot"].cast(_SCHEMA.field("slot").type),
            "until": later["slot"].cast(_SCHEMA.field("until").type),
            "slots": slots.cast(pa.int32()),
            "seconds": seconds,
            "energy": _kwh(pc.if_else(tells, rise, pa.scalar(None, pa.int64()))),
            "step": _kwh(step),
            "registers": later["registers"],
            "marks": pa.array(_COMBINED, pa.list_(pa.string())).take(_whole(bits)),
        }
    )
    order = pc.sort_indices(
        table.append_column("direction", later["direction"]),
        sort_keys=[("until", "ascending"), ("meter", "ascending"), ("direction", "ascending")],
    )
    ordered = table.take(order).combine_chunks()
    return pa.RecordBatch.from_arrays([_whole(column) for column in ordered.columns], schema=_SCHEMA)


def _kwh(counted: pa.ChunkedArray) -> pa.Array:
    """Whole numbers of 10^-8 kWh as decimals: the same digits, read eight places further to the right."""
    whole = _whole(counted).cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(ENERGY, len(whole), whole.buffers(), whole.null_count, whole.offset)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
