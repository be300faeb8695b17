"""The energy counters in measurements, in whole numbers of 10^-8 kWh: one a meter, direction and slot.

Meters count in a total register (1.8.0, 2.8.0), in tariffs (1.8.1, 1.8.2, ...) or both; then the total holds.
"""

import pyarrow as pa
import pyarrow.compute as pc

PER_KWH = 10**8  # what a whole number counts
_EXPONENT = 5  # 1 Wh = 10^5 of them
_LARGEST = 9 * 10**17  # nine thousand million kWh; more is no counter but a wrong bit
_ENERGY = "^0100(01|02)08[0-9a-f]{2}ff$"  # 1.8.E and 2.8.E
_TOTAL = "00"
_MEASUREMENT = ["household", "meter", "slot", "measured_at", "time_source", "direction"]


def counters(batch: pa.RecordBatch) -> pa.Table:
    """`count` (null: beyond any counter), `step` (what it counts in), `registers`, and whose they are.

    `direction` is 1 for drawn, 2 for fed in. Rows of `measurements` that hold no counter are left out.
    """
    found = batch.filter(_is_counter(batch))
    tariff = pc.utf8_slice_codeunits(found["obis"], 8, 10)
    count, step = _counted(found["value"], found["scaler"])
    table = pa.table(
        {
            **{name: found[name] for name in ("household", "meter", "slot", "measured_at", "time_source")},
            "direction": pc.utf8_slice_codeunits(found["obis"], 5, 6).cast(pa.int8()),
            "tariff": tariff,
            "count": count,
            "step": step,
        }
    )
    total = pc.equal(table["tariff"], _TOTAL)
    totals = table.filter(total)
    whole = totals.drop_columns(["tariff"]).append_column("registers", _register(totals))
    if totals.num_rows == table.num_rows:
        return whole
    parts = table.filter(pc.invert(total)).join(
        totals.select(["meter", "slot", "direction"]),
        keys=["meter", "slot", "direction"],
        join_type="left anti",
        use_threads=False,
    )
    return pa.concat_tables([whole, _summed(parts).select(whole.column_names)]) if parts.num_rows else whole


def _is_counter(batch: pa.RecordBatch) -> pa.Array:
    codes = pc.dictionary_encode(batch["obis"])
    energy = pc.match_substring_regex(codes.dictionary, _ENERGY).take(codes.indices)
    return pc.fill_null(pc.and_(energy, pc.equal(batch["unit"], "Wh")), False)


def _counted(value: pa.Array, scaler: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The values in whole numbers of 10^-8 kWh, and what one step of their last digit is."""
    scalers = pc.dictionary_encode(scaler)
    exponents = [number + _EXPONENT for number in scalers.dictionary.to_pylist()]

    def each(numbers: list[int]) -> pa.Array:
        return pa.array(numbers, pa.int64()).take(scalers.indices)

    # A step above the largest counter is as good as that: such a number is 0 or beyond.
    factor = each([min(10 ** max(exponent, 0), _LARGEST) for exponent in exponents])
    divisor = each([10 ** min(max(-exponent, 0), 18) for exponent in exponents])
    most = pc.divide(_LARGEST, factor)
    within = pc.and_(pc.less_equal(value, most), pc.greater_equal(value, 0))
    sane = pc.if_else(within, value, pa.scalar(None, pa.int64()))
    return pc.divide(pc.multiply(sane, factor), divisor), factor


def _register(totals: pa.Table) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(totals["direction"], 1), "1.8.0", "2.8.0")


def _summed(parts: pa.Table) -> pa.Table:
    """The tariffs of each measurement added up; null where one of them is."""
    named = parts.append_column(
        "register",
        pc.binary_join_element_wise(
            parts["direction"].cast(pa.string()), "8", _decimal(parts["tariff"].combine_chunks()), "."
        ),
    ).sort_by([("slot", "ascending"), ("meter", "ascending"), ("tariff", "ascending")])
    unknown = pc.if_else(pc.is_null(named["count"]), 1, 0)
    groups = (
        named.append_column("unknown", unknown)
        .group_by(_MEASUREMENT, use_threads=False)
        .aggregate([("count", "sum"), ("unknown", "max"), ("step", "max"), ("register", "list")])
    )
    count = pc.if_else(pc.equal(groups["unknown_max"], 0), groups["count_sum"], pa.scalar(None, pa.int64()))
    return (
        groups.append_column("count", count)
        .append_column("step", groups["step_max"])
        .append_column("registers", pc.binary_join(groups["register_list"], "+"))
    )


def _decimal(tariff: pa.Array) -> pa.Array:
    """`0a` as `10`."""
    coded = pc.dictionary_encode(tariff)
    return pa.array([str(int(each, 16)) for each in coded.dictionary.to_pylist()], pa.string()).take(
        coded.indices
    )
