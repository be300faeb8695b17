"""Energy is the difference of a running total, whatever the counter does."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from couch.clock import SLOT
from webapp.participant.energy.counting import LARGEST_CONNECTION_W, Counted, Point, added, count

few = settings(max_examples=40, deadline=None)
START = datetime(2026, 6, 1, tzinfo=UTC)
MOST = LARGEST_CONNECTION_W // 4  # Wh in a slot
steps = st.lists(st.integers(0, MOST), min_size=1, max_size=40)


def points(*values: int | None) -> list[Point]:
    return [
        Point(START + number * SLOT, Decimal(value))
        for number, value in enumerate(values)
        if value is not None
    ]


def totals(base: int, rises: list[int]) -> list[int]:
    found = [base]
    for rise in rises:
        found.append(found[-1] + rise)
    return found


@few
@given(st.integers(0, 10**12), steps)
def test_an_even_counter_counts_from_its_first_to_its_last_value(base: int, rises: list[int]) -> None:
    counted = count(points(*totals(base, rises)))
    assert counted is not None
    assert (counted.wh, counted.broken) == (sum(rises), False)
    assert counted.covers(START, START + len(rises) * SLOT)


@few
@given(st.lists(st.integers(-(10**9), 10**12) | st.none(), max_size=30))
def test_no_counter_whatever_it_says_gives_a_negative_or_an_impossible_energy(
    values: list[int | None],
) -> None:
    counted = count(points(*values))
    if counted is not None:
        span = (counted.last - counted.first) // SLOT
        assert 0 <= counted.wh <= span * MOST


@few
@given(st.integers(0, 10**9), st.lists(st.integers(0, 1000), min_size=4, max_size=20), st.data())
def test_one_damaged_reading_changes_nothing_but_is_said(
    base: int, rises: list[int], data: st.DataObject
) -> None:
    values = totals(base, rises)
    place = data.draw(st.integers(1, len(values) - 3))
    wrong = data.draw(st.sampled_from([values[place] + 10**8, max(values[place] - 10**8, -1), -1]))
    counted = count(points(*values[:place], wrong, *values[place + 1 :]))
    assert counted is not None
    assert (counted.wh, counted.broken) == (sum(rises), True)


@few
@given(steps, steps, st.integers(0, 10**6))
def test_an_exchanged_meter_counts_on_both_sides_of_the_exchange(
    before: list[int], after: list[int], base: int
) -> None:
    old, new = totals(10**10, before), totals(base, after)
    counted = count(points(*old, *new))
    assert counted is not None
    assert (counted.wh, counted.broken) == (sum(before) + sum(after), True)


def test_what_was_used_in_a_gap_counts_since_the_counter_went_on() -> None:
    counted = count(points(100, 110, None, None, 160))
    assert counted is not None
    assert (counted.wh, counted.broken) == (60, False)


def test_one_reading_is_no_energy() -> None:
    assert count(points(5)) is None
    assert count([]) is None


def test_a_leap_that_no_connection_carries_is_left_out() -> None:
    counted = count(points(0, 10, 10 * MOST, 10 * MOST + 10))
    assert counted is not None
    assert (counted.wh, counted.broken) == (20, True)


def test_a_coarse_counter_may_take_a_whole_step_at_once() -> None:
    step = Decimal(100_000)
    coarse = [Point(START, Decimal(0), step), Point(START + SLOT, step, step)]
    counted = count(coarse)
    assert counted is not None
    assert (counted.wh, counted.broken, counted.step) == (step, False, step)


def test_meters_are_added_up_only_where_all_are_known() -> None:
    one = Counted(Decimal(5), START, START + 4 * SLOT, step=Decimal(1))
    other = Counted(Decimal(7), START + SLOT, START + 3 * SLOT, estimated=True)
    both = added([one, other])
    assert both == Counted(
        Decimal(12), START + SLOT, START + 3 * SLOT, broken=False, estimated=True, step=Decimal(1)
    )
    assert added([one, None]) is None
    assert added([]) is None
