"""Which code of a meter says what; the map function in the replica chooses alike."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import quickjs
from hypothesis import given, settings
from hypothesis import strategies as st

from couch.clock import from_rfc3339
from couch.documents import Measurement, Reading, TimeProvenance
from webapp.participant.energy.registers import counters, power

few = settings(max_examples=40, deadline=None)
MAP = Path(__file__).parents[4] / "design_docs/page/views/amounts_by_day_meter/map.js"
METER = "5f000000-0000-4000-8000-000000000001"
CODES = [
    f"0100{c}{d}{e}ff"
    for c in ("01", "02", "0f", "10", "15", "24", "38")
    for d in ("07", "08")
    for e in ("00", "01")
]
READINGS = st.builds(
    Reading,
    obis=st.sampled_from([*CODES, "01000108000a", "0100200700ff"]),
    value=st.integers(-(10**12), 10**12),
    scaler=st.integers(-4, 3),
    unit=st.sampled_from(["Wh", "W", None]),
)


def reading(obis: str, value: int, unit: str = "Wh", scaler: int = 0) -> Reading:
    return Reading(obis=obis, value=value, scaler=scaler, unit=unit)


def test_tariffs_stand_in_where_there_is_no_total() -> None:
    both = [reading("0100010801ff", 1), reading("0100010802ff", 2), reading("0100020801ff", 3)]
    assert set(counters(both)) == {"0100010801ff", "0100010802ff", "0100020801ff"}
    assert set(counters([*both, reading("0100010800ff", 3)])) == {"0100010800ff", "0100020801ff"}


def test_values_of_earlier_months_and_other_units_are_no_counters() -> None:
    assert counters([reading("01000108000a", 1), reading("0100010800ff", 1, "W")]) == {}


@pytest.mark.parametrize(
    ("sent", "watts"),
    [
        ({"0100100700ff": -250, "0100010700ff": 9}, -250),
        ({"0100010700ff": 100, "0100020700ff": 30}, 70),
        ({"0100020700ff": 30}, -30),
        ({"0100010701ff": 40}, 40),
        ({"0100240700ff": 1, "0100380700ff": 2, "01004c0700ff": -5}, -2),
        ({"0100150700ff": 7}, 7),
        ({"01000f0700ff": 8}, 8),
        ({"0100200700ff": 230}, None),
    ],
)
def test_power_is_taken_from_the_best_code_that_a_meter_sends(
    sent: dict[str, int], watts: int | None
) -> None:
    assert power([reading(code, value, "W") for code, value in sent.items()]) == watts


@pytest.fixture(scope="module")
def mapped() -> Any:
    """`mapped(doc)`: the pairs that the map function emits, without the day, the meter and the slot's row."""
    context = quickjs.Context()
    context.eval("var rows = []; function emit(key, value) { rows.push([key.slice(2), value]); }")
    context.eval(f"var map = ({MAP.read_text()}\n);")

    def run(doc: dict[str, Any]) -> list[Any]:
        return list(json.loads(context.eval(f"rows = []; map({json.dumps(doc)}); JSON.stringify(rows)")))[1:]

    return run


@few
@given(st.lists(READINGS, min_size=1, max_size=6, unique_by=lambda one: one.obis))
def test_the_view_and_the_page_choose_alike(mapped: Any, readings: list[Reading]) -> None:
    slot = from_rfc3339("2026-06-01T12:00:00Z")
    doc = Measurement(
        meter=METER,
        measured_at=slot,
        slot=slot,
        device=METER,
        data=tuple(readings),
        time=TimeProvenance(source="synchronized"),
    ).to_json()
    found = {(what, scaler): value for (what, scaler), value in mapped(doc)}
    chosen = counters(readings)
    if chosen:
        assert found == {(code, one.scaler): one.value for code, one in chosen.items()}
        return
    watts = power(readings)
    assert len(found) == (watts is not None)
    for (sign, scaler), value in found.items():
        assert Decimal(value).scaleb(scaler) * (-1 if sign == "-" else 1) == watts
