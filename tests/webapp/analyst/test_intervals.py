"""Energy from counters: exact, never negative, never estimated, and the same however it is read."""

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from couch.clock import SLOT
from couch.documents import stamp
from couch.research_pages import StoredMeasurement, StoredReading
from webapp.analyst.intervals import between
from webapp.analyst.measurement_batches import measurement_batch

START = datetime(2026, 1, 1, tzinfo=UTC)
GRID, PV = "a" * 32, "b" * 32
TYPES = {GRID: "ELECTRICITY", PV: "PV_GENERATION"}
IMPORT, EXPORT = "0100010800ff", "0100020800ff"
Reading = tuple[str, int, int]


def read(slot: int, *readings: Reading, meter: str = GRID, source: str = "synchronized") -> StoredMeasurement:
    """A measurement in the slot of that number; readings are code, value and scaler, in Wh."""
    moment = START + slot * SLOT
    return StoredMeasurement(
        "c" * 32,
        meter,
        stamp(moment),
        stamp(moment + timedelta(seconds=4)),
        source,
        tuple(StoredReading(code, value, scaler, "Wh") for code, value, scaler in readings),
    )


def rows(found: Sequence[StoredMeasurement], size: int = 1000) -> list[dict[str, Any]]:
    batches = [measurement_batch(found[at : at + size]) for at in range(0, len(found), size)]
    return [row for batch in between(batches, TYPES) for row in batch.to_pylist()]


def energies(*found: StoredMeasurement) -> list[tuple[str, Decimal | None, list[str]]]:
    return [(row["quantity"], row["energy"], row["marks"]) for row in rows(found)]


def test_energy_is_the_exact_difference_in_kwh() -> None:
    (row,) = rows([read(0, (IMPORT, 12525688570, -5)), read(1, (IMPORT, 12525688571, -5))])
    assert row["energy"] == Decimal("0.00000001")
    assert (row["slot"], row["until"], row["slots"], row["seconds"]) == (START, START + SLOT, 1, 900)
    assert (row["step"], row["registers"], row["marks"]) == (Decimal("0.00000001"), "1.8.0", [])


@pytest.mark.parametrize(("meter", "names"), [(GRID, ["drawn", "fed_in"]), (PV, ["system_use", "generated"])])
def test_registers_mean_what_the_meter_is_for(meter: str, names: list[str]) -> None:
    found = [read(n, (IMPORT, n, 0), (EXPORT, 5 * n, 0), meter=meter) for n in range(2)]
    assert [(row["quantity"], row["energy"]) for row in rows(found)] == [
        (names[0], Decimal("0.001")),
        (names[1], Decimal("0.005")),
    ]


def test_an_interval_over_missing_slots_says_so() -> None:
    (row,) = rows([read(0, (IMPORT, 100, 0)), read(3, (IMPORT, 160, 0))])
    assert (row["slots"], row["energy"], row["marks"]) == (3, Decimal("0.06"), ["gap"])


def test_a_counter_that_fell_tells_nothing_until_the_next_reading() -> None:
    found = [read(n, (IMPORT, value, 0)) for n, value in enumerate((500, 20, 30))]
    assert energies(*found) == [("drawn", None, ["reset"]), ("drawn", Decimal("0.01"), [])]


def test_a_counter_that_fell_and_counts_otherwise_is_another_meter() -> None:
    assert energies(read(0, (IMPORT, 5000, -1)), read(1, (IMPORT, 20, 0))) == [
        ("drawn", None, ["meter_change"])
    ]


def test_other_registers_are_never_compared() -> None:
    before = read(0, ("0100010801ff", 100, 0), ("0100010802ff", 50, 0))
    assert energies(before, read(1, (IMPORT, 151, 0))) == [("drawn", None, ["meter_change"])]


def test_more_than_a_connection_carries_is_a_jump() -> None:
    jumped = 2**22  # Wh in a quarter of an hour
    assert energies(read(0, (IMPORT, 5, 0)), read(1, (IMPORT, 5 + jumped, 0))) == [("drawn", None, ["jump"])]
    assert energies(read(0, (IMPORT, 5, 0)), read(1, (IMPORT, 2**63, 0))) == [("drawn", None, ["jump"])]


def test_tariffs_add_up_where_there_is_no_total() -> None:
    found = [read(n, ("0100010801ff", 100 + n, 3), ("0100010802ff", 50, 3)) for n in range(2)]
    (row,) = rows(found)
    assert (row["energy"], row["step"], row["registers"]) == (Decimal(1), Decimal(1), "1.8.1+1.8.2")


def test_the_total_holds_beside_tariffs() -> None:
    found = [read(n, ("0100010801ff", 3 * n, 0), (IMPORT, 7 * n, 0)) for n in range(2)]
    (row,) = rows(found)
    assert (row["energy"], row["registers"]) == (Decimal("0.007"), "1.8.0")


def test_a_moment_that_is_not_known_from_a_clock_is_marked() -> None:
    found = [read(0, (IMPORT, 1, 0), source="dated_later"), read(1, (IMPORT, 2, 0)), read(2, (IMPORT, 3, 0))]
    assert [row["marks"] for row in rows(found)] == [["unsynchronized"], []]


def test_a_register_that_was_sent_twice_counts_once() -> None:
    assert energies(read(0, (IMPORT, 1, 0), (IMPORT, 1, 0)), read(1, (IMPORT, 2, 0))) == [
        ("drawn", Decimal("0.001"), [])
    ]


def test_a_meter_that_nobody_knows_is_left_out() -> None:
    assert rows([read(n, (IMPORT, n, 0), meter="d" * 32) for n in range(2)]) == []


def sample() -> list[StoredMeasurement]:
    """Two meters over a day: a quarter of the slots missing, counters that fall now and then."""
    chance = random.Random(7)
    found = []
    state: dict[str, int] = defaultdict(lambda: chance.randrange(10**6))
    for slot in range(96):
        for meter in (GRID, PV):
            for code in (IMPORT, EXPORT):
                state[meter + code] += chance.randrange(2000) if chance.random() > 0.05 else -(10**4)
            if chance.random() > 0.25:
                found.append(
                    read(slot, *((code, state[meter + code], -1) for code in (IMPORT, EXPORT)), meter=meter)
                )
    return found


@pytest.mark.parametrize("size", [1, 7, 50])
def test_how_it_is_read_does_not_matter(size: int) -> None:
    assert rows(sample(), size) == rows(sample())


def test_a_day_agrees_with_arithmetic_done_one_by_one() -> None:
    last: dict[tuple[str, str], tuple[int, int]] = {}
    expected = []
    for item in sample():
        for reading in item.data:
            slot = int((datetime.fromisoformat(item.slot) - START) / SLOT)
            before = last.get((item.meter, reading.obis))
            if before is not None:
                rise = reading.value - before[1]
                kwh = Decimal(rise).scaleb(-1) / 1000 if rise >= 0 else None
                expected.append((item.meter, slot, slot - before[0], kwh))
            last[item.meter, reading.obis] = (slot, reading.value)
    found = [
        (row["meter"], int((row["until"] - START) / SLOT), row["slots"], row["energy"])
        for row in rows(sample())
    ]
    assert found == expected
    assert any(energy is None for *_, energy in found)
