"""Codes, meter numbers, and what is kept."""

import pytest

from edge.meter_number import MeterNumber, meter_number
from edge.obis_codes import DEFAULT_KEEP, is_energy, is_power, short_name


def test_the_default_keeps_every_code_that_some_meter_uses_for_energy_or_power():
    energies = "1.8.0 1.8.1 1.8.2 2.8.0 2.8.1 2.8.2"
    powers = "1.7.0 2.7.0 15.7.0 16.7.0 36.7.0 56.7.0 76.7.0 21.7.0 41.7.0 61.7.0"
    assert {f"1-0:{name}*255" for name in f"{energies} {powers}".split()} <= {
        short_name(code) for code in DEFAULT_KEEP
    }
    assert all(is_energy(code) != is_power(code) for code in DEFAULT_KEEP)


@pytest.mark.parametrize(
    "code", ["0100200700ff", "0100600800ff", "0000600800ff", "0100030800ff", "8181c78203ff"]
)
def test_voltages_and_states_are_neither_energy_nor_power(code):
    assert not is_energy(code)
    assert not is_power(code)


def test_a_server_id_holds_the_printed_number():
    number = meter_number("0a0153494d1103b599a5")
    assert str(number) == "1 SIM11 6223 2997"
    assert number is not None
    assert number.server_id().hex() == "0a0153494d1103b599a5"
    assert meter_number(MeterNumber(1, "SIM", 0, 7).server_id().hex()) == MeterNumber(1, "SIM", 0, 7)


@pytest.mark.parametrize(
    "server_id",
    [
        "",
        "3032323830383136",
        "06454d48010271582051",
        "01a815133577030102",
        "0a0153494d00ffffffff",
        "0a0131323300000000ff",
    ],
)
def test_server_ids_of_other_forms_hold_none(server_id):
    assert meter_number(server_id) is None
