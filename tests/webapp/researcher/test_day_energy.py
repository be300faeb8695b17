"""Energy by day from counters."""

from datetime import date

from couch.research import DayCounter
from webapp.researcher.day_energy import by_quantity, energy_of_days, energy_of_households, energy_of_meter

IMPORT, EXPORT, TARIFF_1, TARIFF_2 = "0100010800ff", "0100020800ff", "0100010801ff", "0100010802ff"


def counter(day: int, first: float, last: float, obis: str = IMPORT, meter: str = "m") -> DayCounter:
    return DayCounter("h", meter, obis, date(2026, 6, day), first, last, 96)


def days(found: dict[date, float]) -> dict[int, float]:
    return {day.day: watthours for day, watthours in found.items()}


def test_a_day_ends_with_the_first_value_of_the_next() -> None:
    assert days(energy_of_days([counter(1, 100, 190), counter(2, 200, 290)])) == {1: 100, 2: 90}


def test_before_a_missing_day_it_ends_with_its_own_last_value() -> None:
    assert days(energy_of_days([counter(1, 100, 190), counter(3, 500, 520)])) == {1: 90, 3: 20}


def test_a_day_on_which_the_counter_fell_is_left_out() -> None:
    """`last` of a day is its highest value: a reset at noon shows in the next day's first one."""
    assert days(energy_of_days([counter(1, 0, 9000), counter(2, 50, 80), counter(3, 90, 95)])) == {
        2: 40,
        3: 5,
    }


def test_tariffs_are_added_up_only_where_there_is_no_total() -> None:
    tariffs = [counter(1, 0, 10, TARIFF_1), counter(1, 5, 25, TARIFF_2)]
    assert days(energy_of_meter(tariffs)[IMPORT]) == {1: 30}
    assert days(energy_of_meter([counter(1, 0, 7), *tariffs])[IMPORT]) == {1: 7}


def test_of_a_generation_meter_the_counter_that_moves_counts() -> None:
    read = energy_of_meter([counter(1, 0, 3), counter(1, 0, 900, EXPORT)])
    assert days(by_quantity(read, "PV_GENERATION")["generated"]) == {1: 900}
    assert {name: days(found) for name, found in by_quantity(read, "ELECTRICITY").items()} == {
        "drawn": {1: 3},
        "fed_in": {1: 900},
    }


def test_a_household_s_meters_are_added_up() -> None:
    rows = [counter(1, 0, 3, meter="a"), counter(1, 0, 4, meter="b"), counter(1, 0, 9, meter="unknown")]
    (found,) = energy_of_households(rows, {"a": "ELECTRICITY", "b": "ELECTRICITY"})
    assert days(found["drawn"]) == {1: 7}
