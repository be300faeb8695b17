"""Doubts about a reading beside the one before it."""

import pytest

from couch.documents import Reading
from edge.obis_codes import EXPORT_ENERGY, IMPORT_ENERGY, POWER
from edge.plausibility import doubts

SLOT_S = 900


def readings(imported: int, exported: int, power: int | None = None, scaler: int = -1) -> list[Reading]:
    found = [
        Reading(obis=IMPORT_ENERGY, value=imported, scaler=scaler, unit="Wh"),
        Reading(obis=EXPORT_ENERGY, value=exported, scaler=scaler, unit="Wh"),
    ]
    return found if power is None else [*found, Reading(obis=POWER, value=power, scaler=0, unit="W")]


BEFORE = readings(1_000_000, 500_000, 300)


@pytest.mark.parametrize(
    "now",
    [
        readings(1_000_750, 500_000, 300),
        readings(1_000_000, 507_500, -3000),
        readings(1_000_750, 500_100, -3000),
        readings(1_000_000, 500_000, -3000),
        readings(1_000_750, 500_000, -20),
        readings(100, 50, scaler=3),
    ],
    ids=["drawing", "feeding in", "both", "standing still", "too little to show", "locked since"],
)
def test_a_likely_reading_raises_no_doubt(now):
    assert doubts(BEFORE, now, SLOT_S) == ()


def test_a_counter_that_falls_is_marked():
    assert doubts(BEFORE, readings(999_999, 500_000, 300), SLOT_S) == ("counter_fell",)


@pytest.mark.parametrize("bit", range(20, 33))
def test_a_counter_with_one_wrong_bit_is_marked(bit):
    assert doubts(BEFORE, readings(1_000_750 ^ 1 << bit, 500_000, 300), SLOT_S) in (
        ("counter_jumped",),
        ("counter_fell",),
    )


def test_power_whose_own_counter_stands_still_while_the_other_moves_is_marked():
    assert doubts(BEFORE, readings(1_000_750, 500_000, -3000), SLOT_S) == ("power_sign",)
    assert doubts(BEFORE, readings(1_000_000, 501_000, 549), SLOT_S) == ("power_sign",)


def test_a_clock_that_was_set_raises_no_doubt_about_jumps():
    assert doubts(BEFORE, readings(9_000_000, 500_000, 300), -5) == ()
    assert doubts(BEFORE, readings(9_000_000, 500_000, 300), 10_000_000) == ()


def test_codes_that_are_in_one_reading_only_raise_no_doubt():
    assert doubts(BEFORE[:1], BEFORE[1:], SLOT_S) == ()
    assert doubts((), BEFORE, SLOT_S) == ()
