"""The simulated household: exact balance, pure function of kind and time."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.simulation.household import ORIGIN, STEP_S, Household, HouseholdKind, steps_of_day

DAY_S = 86_400
KIND = HouseholdKind(seed=5)
kinds = st.builds(
    HouseholdKind,
    seed=st.integers(0, 99),
    pv_kw=st.floats(0, 30),
    battery_kwh=st.floats(0, 30),
    load_kwh=st.floats(0, 20_000),
)


@settings(max_examples=25, deadline=None)
@given(kind=kinds, day=st.integers(0, 363))
def test_every_step_balances_and_the_battery_is_empty_at_dawn(kind, day):
    stored = 0
    for step in steps_of_day(kind, day):
        assert step.load_w >= 0
        assert step.pv_w >= 0
        assert step.load_w + step.charge_w == step.pv_w + step.grid_w
        stored += step.charge_w * STEP_S
        assert 0 <= stored <= kind.battery_kwh * 3_600_000
    assert stored == 0


def test_energies_are_the_sums_of_the_steps():
    household = Household(KIND)
    before, after = household.at(ORIGIN + 3 * DAY_S)[0], household.at(ORIGIN + 4 * DAY_S)[0]
    steps = steps_of_day(KIND, 3)
    assert after.imported - before.imported == sum(max(step.grid_w, 0) for step in steps) * STEP_S
    assert after.exported - before.exported == sum(max(-step.grid_w, 0) for step in steps) * STEP_S
    assert after.generated - before.generated == sum(step.pv_w for step in steps) * STEP_S


@settings(max_examples=40, deadline=None)
@given(a=st.integers(-DAY_S, 500 * DAY_S), b=st.integers(-DAY_S, 500 * DAY_S))
def test_counters_never_fall(household, a, b):
    earlier, later = (household.at(ORIGIN + moment)[0] for moment in sorted((a, b)))
    assert all(x <= y for x, y in zip(earlier, later, strict=True))


@pytest.fixture(scope="module")
def household():
    return Household(KIND)


def test_another_start_gives_the_same(household):
    household.at(ORIGIN + 400 * DAY_S)
    for moment in (
        ORIGIN - 5,
        ORIGIN,
        ORIGIN + 17 * DAY_S + 4711,
        ORIGIN + 364 * DAY_S,
        ORIGIN + 399 * DAY_S + 1,
    ):
        assert Household(KIND).at(moment) == household.at(moment)


def test_counters_go_on_through_the_end_of_a_cycle(household):
    last, first = household.at(ORIGIN + 364 * DAY_S - 1), household.at(ORIGIN + 364 * DAY_S)
    assert 0 <= first[0].imported - last[0].imported <= 20_000
    assert 0 <= first[0].generated - last[0].generated <= 10_000


def test_seeds_tell_households_apart():
    assert steps_of_day(HouseholdKind(1), 0) != steps_of_day(HouseholdKind(2), 0)


def test_a_year_is_that_of_a_real_household(household):
    year = household.at(ORIGIN + 364 * DAY_S)[0]
    imported, exported, generated = (energy / 3_600_000 for energy in year)
    assert 5000 < generated < 9000
    assert 3000 < imported + generated - exported < 4000


def test_the_sun_shines_by_day_and_longer_in_summer():
    winter, summer = steps_of_day(KIND, 340), steps_of_day(KIND, 160)
    assert winter[0].pv_w == summer[-1].pv_w == 0
    winter_h, summer_h = (sum(step.pv_w > 0 for step in day) / 12 for day in (winter, summer))
    assert 7 < winter_h < 9
    assert 15 < summer_h < 17
