"""Captures of real meters, read in place: they carry serial numbers and never enter the project."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from edge.decode import Capture
from edge.obis_codes import DEFAULT_KEEP, is_energy, is_power
from edge.sml_stream import SmlReader

CAPTURES = Path(__file__).parents[3] / "shared" / "data" / "sml"
TRUTH = CAPTURES / "truth.json"
truth = json.loads(TRUTH.read_text(), parse_float=Decimal) if TRUTH.exists() else {}

pytestmark = pytest.mark.skipif(
    not truth, reason="the captures of real meters (../shared/data/sml) are not here"
)


@pytest.mark.parametrize("name", truth)
def test_a_capture_is_decoded_as_three_other_decoders_do(name):
    expected = truth[name]
    capture = Capture(CAPTURES / name)
    last = list(capture)[-1]
    assert (capture.telegrams, capture.bad) == (expected["telegrams"], expected["bad_crc"])
    assert (last.server_id, last.meter_id) == (expected["server_id"], expected["meter_id"])
    quantities = {
        entry.obis: {
            "value": entry.value
            if isinstance(entry.value, str)
            else Decimal(entry.value).scaleb(entry.scaler or 0),
            "unit": entry.unit,
        }
        for entry in last.entries
    }
    assert quantities == expected["obis"]


@pytest.mark.parametrize("name", truth)
def test_a_capture_gives_the_same_byte_by_byte(name):
    data = (CAPTURES / name).read_bytes()
    at_once, single = SmlReader(), SmlReader()
    assert [t for byte in data for t in single.feed(bytes((byte,)))] == at_once.feed(data)
    assert single.bad == at_once.bad


@pytest.mark.parametrize("name", truth)
def test_the_default_keeps_every_energy_and_power_of_a_capture(name):
    for telegram in Capture(CAPTURES / name):
        assert {e.obis for e in telegram.entries if is_energy(e.obis) or is_power(e.obis)} <= set(
            DEFAULT_KEEP
        )


@pytest.mark.parametrize("name", truth)
def test_a_meter_without_its_pin_shows_as_locked(name):
    assert {telegram.locked for telegram in Capture(CAPTURES / name)} == {"without_PIN" in name}
