"""Installations that the public register cannot name any more."""

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer.pv_blurring import blur_pv, blurred_date, blurred_power
from couch.blurring import Blurring
from couch.documents import ContextPvSystem

SYSTEM = ContextPvSystem(
    pv_system="a" * 32,
    nominal_power_kw=9.72,
    azimuth_deg=185.0,
    tilt_deg=32.5,
    installed_on=date(2018, 6, 14),
    meters=("b" * 32,),
)


def test_power_is_whole_the_date_is_the_first_of_january_and_angles_stay() -> None:
    assert blur_pv(SYSTEM, Blurring()) == ContextPvSystem(
        pv_system="a" * 32,
        nominal_power_kw=10,
        azimuth_deg=185.0,
        tilt_deg=32.5,
        installed_on=date(2018, 1, 1),
        meters=("b" * 32,),
    )


def test_a_field_that_nobody_thought_of_goes() -> None:
    system = ContextPvSystem(
        **{name: getattr(SYSTEM, name) for name in SYSTEM.__struct_fields__ if name != "extra"},
        extra={"register_number": "SEE912345678901"},
    )
    assert blur_pv(system, Blurring()).extra == {}


@pytest.mark.parametrize(
    ("kw", "blurred"),
    [
        (0.3, 1),
        (0.5, 1),
        (0.8, 1),
        (1.49, 1),
        (1.5, 2),
        (2.5, 3),
        (3.5, 4),
        (9.99, 10),
        (30, 30),
        (749.6, 750),
    ],
)
def test_power_is_rounded_to_the_nearest_kilowatt_and_never_to_none(kw: float, blurred: float) -> None:
    assert blurred_power(kw) == blurred


@pytest.mark.parametrize("kw", [0, -1, math.nan, math.inf])
def test_what_is_no_power_is_refused(kw: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        blurred_power(kw)


@given(st.floats(0.001, 10_000), st.integers(1, 1000))
def test_blurred_power_is_a_multiple_at_most_half_a_step_away_unless_it_is_the_lowest(
    kw: float, step: int
) -> None:
    blurred = blurred_power(kw, step)
    assert blurred % step == 0
    assert blurred_power(blurred, step) == blurred
    assert abs(blurred - kw) <= step / 2 + 1e-9 or blurred == step


@given(st.dates(), st.integers(1, 50))
def test_a_blurred_date_is_a_first_of_january_not_after_the_day(day: date, step: int) -> None:
    blurred = blurred_date(day, step)
    assert (blurred.month, blurred.day) == (1, 1)
    assert blurred <= day
    assert day.year - blurred.year < step


def test_stronger_blurring_is_a_setting() -> None:
    strong = Blurring(power_step_kw=5, year_step=5, keep_azimuth=False, keep_tilt=False)
    blurred = blur_pv(SYSTEM, strong)
    assert (blurred.nominal_power_kw, blurred.installed_on) == (10, date(2015, 1, 1))
    assert blurred.azimuth_deg is None
    assert blurred.tilt_deg is None


@given(st.floats(0.01, 10_000), st.dates(), st.integers(1, 20), st.integers(1, 20), st.booleans())
def test_blurring_twice_changes_nothing_more(
    kw: float, day: date, power_step: int, year_step: int, keep: bool
) -> None:
    settings = Blurring(power_step_kw=power_step, year_step=year_step, keep_tilt=keep)
    once = blur_pv(
        ContextPvSystem(pv_system="a" * 32, nominal_power_kw=kw, azimuth_deg=1, tilt_deg=2, installed_on=day),
        settings,
    )
    assert blur_pv(once, settings) == once
