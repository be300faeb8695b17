"""Own use and self-sufficiency, or why they cannot be told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from webapp.participant.energy.balance import Balance, Setting, balance
from webapp.participant.energy.counting import Counted

START, END = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 2, tzinfo=UTC)
BOTH = Setting(electricity=1, generation=1)


def counted(wh: int, step: int = 1, late: timedelta = timedelta(0)) -> Counted:
    return Counted(Decimal(wh), START + late, END, step=Decimal(step))


def of(setting: Setting, drawn: int = 4000, fed: int = 6000, generated: Counted | None = None) -> Balance:
    return balance(setting, [counted(drawn)], [counted(fed)], [generated or counted(10_000)])


def test_own_use_is_what_was_generated_and_not_fed_in() -> None:
    found = of(BOTH)
    assert (found.own_use, found.used, found.why) == (4000, 8000, None)
    assert found.self_sufficiency == Decimal("0.5")


def test_several_meters_of_a_kind_are_one_household() -> None:
    found = balance(
        Setting(electricity=2, generation=2),
        [counted(1000), counted(3000)],
        [counted(6000), counted(0)],
        [counted(4000), counted(6000)],
    )
    assert found.own_use == 4000


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        (Setting(electricity=1, generation=0), "no_generation_meter"),
        (Setting(electricity=0, generation=1), "no_electricity_meter"),
        (Setting(electricity=1, generation=1, elsewhere=1), "read_elsewhere"),
        (Setting(electricity=1, generation=1, counts_feeding=False), "feeding_not_counted"),
    ],
)
def test_a_household_that_lacks_a_meter_here_is_told_so(setting: Setting, why: str) -> None:
    found = of(setting)
    assert (found.own_use, found.self_sufficiency, found.why) == (None, None, why)
    assert found.drawn is not None


def test_a_meter_that_was_not_measured_leaves_own_use_unknown() -> None:
    assert balance(BOTH, [counted(1)], [counted(1)], [None]).why == "not_measured"


def test_meters_that_were_measured_at_different_times_are_not_compared() -> None:
    assert of(BOTH, generated=counted(10_000, late=timedelta(minutes=30))).why == "apart"
    assert of(BOTH, generated=counted(10_000, late=timedelta(minutes=15))).why is None


def test_more_fed_in_than_generated_is_a_contradiction_but_for_a_step_of_the_counters() -> None:
    assert of(BOTH, fed=10_500).why == "contradiction"
    coarse = of(BOTH, fed=10_500, generated=counted(10_000, step=1000))
    assert (coarse.own_use, coarse.why) == (0, None)


def test_nothing_used_is_no_share() -> None:
    found = of(BOTH, drawn=0, fed=10_000)
    assert (found.own_use, found.self_sufficiency) == (0, None)


def test_doubts_of_a_meter_are_the_balances() -> None:
    assert of(BOTH, generated=replace(counted(9000), broken=True)).broken
    assert of(BOTH, generated=replace(counted(9000), estimated=True)).estimated
    assert Balance(None, None, None).empty
