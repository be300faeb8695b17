"""Telegrams of simulated meters."""

import pytest

from edge.decode import reader_for
from edge.obis_codes import EXPORT_ENERGY, IMPORT_ENERGY, POWER
from edge.simulation.household import ORIGIN, Household, HouseholdKind
from edge.simulation.mt175 import SimulatedMeter
from edge.telegrams import Telegram

NOON = ORIGIN + 170 * 86_400 + 9 * 3600
KIND = HouseholdKind(seed=4)


def sent(place: str, moment: int, protocol: str = "sml", **options) -> Telegram:
    meter = SimulatedMeter(Household(KIND), place, protocol, seed=4, **options)
    (telegram,) = reader_for(protocol).feed(meter.telegram(moment))
    return telegram


def quantities(telegram: Telegram) -> dict:
    return {entry.obis: entry.value * 10.0**entry.scaler for entry in telegram.entries if entry.unit}


@pytest.mark.parametrize("protocol", ["sml", "text_d"])
def test_the_meters_of_a_household_agree_with_it(protocol):
    energies, step = Household(KIND).at(NOON)
    before, _ = Household(KIND).at(ORIGIN)
    grid, at_origin = (quantities(sent("grid", moment, protocol)) for moment in (NOON, ORIGIN))
    assert grid[POWER] == pytest.approx(step.grid_w)
    for code, energy in ((IMPORT_ENERGY, energies.imported), (EXPORT_ENERGY, energies.exported)):
        assert grid[code] - at_origin[code] == pytest.approx(energy / 3600, abs=0.1)
    pv = quantities(sent("pv", NOON, protocol))
    assert pv[POWER] == pytest.approx(-step.pv_w)
    assert step.pv_w > 0
    assert before == (0, 0, 0)


def test_no_simulated_meter_can_be_taken_for_a_real_one():
    grid, pv = sent("grid", NOON), sent("pv", NOON)
    assert grid.meter_id is not None
    assert grid.meter_id.startswith("1 SIM01 ")
    assert grid.server_id != pv.server_id
    assert sent("grid", NOON + 60).server_id == grid.server_id


def test_the_seconds_index_counts_seconds():
    assert sent("grid", NOON + 60).meter_seconds - sent("grid", NOON).meter_seconds == 60
    assert sent("grid", 0).meter_seconds == 0


@pytest.mark.parametrize("protocol", ["sml", "text_d"])
def test_a_locked_one_sends_whole_kwh_and_no_power(protocol):
    locked = sent("grid", NOON, protocol, locked=True)
    assert locked.locked
    assert POWER not in quantities(locked)
    assert not sent("grid", NOON, protocol).locked
