"""Each view's map, from disk, with a recording emit; a view without a row here fails the last test."""

from pathlib import Path
from typing import Any

import pytest

DESIGN_DOCS = Path(__file__).parents[2] / "design_docs"
METER, DEVICE = "44444444-4444-4444-8444-444444444444", "22222222-2222-4222-8222-222222222222"
H, M = "a" * 32, "b" * 32
NOON = 1751371200  # 2025-07-01T12:00:00Z

MEASUREMENT = {
    "_id": f"measurement:{METER}:2025-07-01T12:00:00Z",
    "type": "measurement",
    "meter": METER,
    "slot": "2025-07-01T12:00:00Z",
    "data": [],
}
GAP = {
    "type": "gap",
    "meter": METER,
    "from_slot": "2025-07-01T12:00:00Z",
    "to_slot": "2025-07-01T12:30:00Z",
    "cause": "meter_silent",
}
SUMMARY: dict[str, Any] = {
    "_id": "household:x",
    "type": "household_summary",
    "household": "x",
    "pseudonym": H,
    "name": "Ada",
    "city": "Kiel",
    "consent": "granted",
    "last_slot": "2025-07-01T12:00:00Z",
    "devices": [
        {"device": DEVICE, "heartbeat_at": "2025-07-01T12:00:09Z"},
        {"device": "never", "heartbeat_at": None},
    ],
}


def reading(obis: str, value: int, scaler: int = 0, unit: str = "Wh") -> dict[str, Any]:
    return {"obis": obis, "value": value, "scaler": scaler, "unit": unit}


def told(*readings: dict[str, Any], slot: str = "2025-07-01T12:00:00Z") -> dict[str, Any]:
    return {**MEASUREMENT, "slot": slot, "data": list(readings)}


SLOT_ROW = [["2025-07-01", METER, "slot", 0], 1]
UNKNOWN = {"type": "household_summary", "consent": "not_granted", "devices": [], "name": None}
NAMED = {**SUMMARY, "name": "Ada Müller-Lüdenscheidt", "city": "Ada"}
REPORTED = {"type": "reported", "household": "x", "at": "2025-07-01T12:00:00Z", "done_at": None}
PARKED = {"type": "parked", "household": "x", "at": "2025-07-01T12:00:00Z", "reason": "why"}
RESEARCH = {
    "type": "research_measurement",
    "household": H,
    "meter": M,
    "slot": "2025-07-01T12:00:00Z",
    "data": [
        {"obis": "0100010800ff", "value": 12345678, "scaler": -1, "unit": "Wh"},
        {"obis": "0100020800ff", "value": 7, "scaler": 3, "unit": "Wh"},
        {"obis": "0100100700ff", "value": 350, "scaler": 0, "unit": "W"},
    ],
}
RESEARCH_GAP = {**GAP, "type": "research_gap", "household": H, "meter": M}

TABLE: list[tuple[str, dict[str, Any], list[list[Any]]]] = [
    ("page/views/measurements_by_meter_slot", MEASUREMENT, [[[METER, "2025-07-01T12:00:00Z"], None]]),
    (
        "page/views/gaps_by_meter_slot",
        GAP,
        [[[METER, "2025-07-01T12:00:00Z"], {"to_slot": "2025-07-01T12:30:00Z", "cause": "meter_silent"}]],
    ),
    (
        "page/views/amounts_by_day_meter",
        told(
            reading("0100010800ff", 12345678, -1),
            reading("0100010801ff", 12345000, -1),
            reading("0100020801ff", 7, 3),
            reading("0100020802ff", 8, 3),
            reading("0100100700ff", -350, 0, "W"),
        ),
        [
            SLOT_ROW,
            [["2025-07-01", METER, "0100010800ff", -1], 12345678],  # the total, no tariff beside it
            [["2025-07-01", METER, "0100020801ff", 3], 7],
            [["2025-07-01", METER, "0100020802ff", 3], 8],
        ],
    ),
    # Counters at full hours alone; power only where there is no counter at all.
    (
        "page/views/amounts_by_day_meter",
        told(reading("0100010800ff", 5), slot="2025-07-01T12:15:00Z"),
        [SLOT_ROW],
    ),
    (
        "page/views/amounts_by_day_meter",
        told(reading("0100010700ff", 12, 1, "W"), reading("0100020700ff", 1205, -1, "W")),
        [SLOT_ROW, [["2025-07-01", METER, "-", -1], 5]],  # 120 W drawn, 120.5 W fed in: exact
    ),
    ("page/views/amounts_by_day_meter", told(reading("0100200700ff", 230, 0, "V")), [SLOT_ROW]),
    ("registry/views/households_by_name", SUMMARY, [[[0, "Ada"], None]]),
    ("registry/views/households_by_name", UNKNOWN, [[[1, None], None]]),
    ("registry/views/households_by_city", SUMMARY, [[[0, "Kiel", "Ada"], None]]),
    ("registry/views/households_by_city", UNKNOWN, [[[1, None, None], None]]),
    ("registry/views/households_by_consent", SUMMARY, [[["granted", "Ada"], None]]),
    ("registry/views/households_by_devices", SUMMARY, [[[2, "Ada"], None]]),
    ("registry/views/households_by_devices", UNKNOWN, [[[0, None], None]]),
    ("registry/views/households_by_text", SUMMARY, [["Kiel", None], [H, None], ["x", None], ["Ada", None]]),
    (
        "registry/views/households_by_text",
        {**NAMED, "household": "uuid"},
        [
            ["Ada", None],
            [H, None],
            ["uuid", None],
            ["Ada Müller-Lüdenscheidt", None],
            ["Müller-Lüdenscheidt", None],
            ["Lüdenscheidt", None],
        ],
    ),
    ("registry/views/households_by_text", UNKNOWN, []),
    ("registry/views/reports_by_time", REPORTED, [[["open", "2025-07-01T12:00:00Z"], None]]),
    (
        "registry/views/reports_by_time",
        {**REPORTED, "done_at": "2025-07-02T12:00:00Z"},
        [[["done", "2025-07-01T12:00:00Z"], None]],
    ),
    ("registry/views/households_by_last_slot", SUMMARY, [["2025-07-01T12:00:00Z", None]]),
    ("registry/views/households_by_last_slot", UNKNOWN, [[None, None]]),
    ("registry/views/parked_by_household", PARKED, [[["x", "2025-07-01T12:00:00Z"], "why"]]),
    (
        "research/views/counters_by_meter_day",
        RESEARCH,
        [
            [[H, M, "0100010800ff", "2025-07-01"], 1234567.8],
            [[H, M, "0100020800ff", "2025-07-01"], 7000],
        ],
    ),
    ("research/views/slots_by_day_household", RESEARCH, [[["2025-07-01", H], None]]),
    # noon UTC on a Tuesday in July is 14:00 in Germany
    ("research/views/power_by_household_quarter", RESEARCH, [[[H, M, 0, 56, "in"], 350]]),
    ("research/views/power_by_household_quarter", {**RESEARCH, "marks": ["power_sign"]}, []),
    ("research/views/power_by_household_quarter", {**RESEARCH, "data": RESEARCH["data"][:2]}, []),
    (
        "research/views/power_by_household_quarter",
        {
            **RESEARCH,
            "slot": "2025-11-01T23:00:00Z",  # Sunday has begun in Germany
            "data": [
                {"obis": "0100010700ff", "value": 5, "scaler": 1, "unit": "W"},
                {"obis": "0100020700ff", "value": 1505, "scaler": -1, "unit": "W"},
            ],
        },
        [[[H, M, 1, 0, "out"], 100.5]],
    ),
    ("research/views/slots_by_household_day", RESEARCH, [[[H, "2025-07-01", M], None]]),
    (
        "research/views/gaps_by_household",
        RESEARCH_GAP,
        [[[H, M, "2025-07-01T12:00:00Z"], {"to_slot": "2025-07-01T12:30:00Z", "cause": "meter_silent"}]],
    ),
]
VIEWS = sorted(str(path.parent.relative_to(DESIGN_DOCS)) for path in DESIGN_DOCS.glob("*/views/*/map.js"))


@pytest.mark.parametrize(("view", "doc", "rows"), TABLE)
def test_a_view_emits_its_rows(view: str, doc: dict[str, Any], rows: list[Any], run_map: Any) -> None:
    assert run_map(view, doc) == rows


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_passes_over_foreign_documents(view: str, run_map: Any) -> None:
    assert run_map(view, {"_id": "x"}) == []
    assert run_map(view, {"_id": "registration", "type": "registration"}) == []


@pytest.mark.parametrize("view", VIEWS)
def test_a_reduce_is_a_built_in_one(view: str) -> None:
    reduce = DESIGN_DOCS / view / "reduce.js"
    assert not reduce.exists() or reduce.read_text().strip() in {"_count", "_stats"}


def test_every_view_has_a_test() -> None:
    assert {row[0] for row in TABLE} == set(VIEWS)


@pytest.mark.parametrize(
    ("slot", "quarter"),
    [
        ("2025-03-30T00:45:00Z", 7),  # 01:45, the last slot of winter time
        ("2025-03-30T01:00:00Z", 12),  # 03:00, summer time has begun
        ("2025-10-26T00:45:00Z", 11),  # 02:45, the last slot of summer time
        ("2025-10-26T01:00:00Z", 8),  # 02:00 once more
        ("2024-03-31T01:00:00Z", 12),  # the month's last day is the Sunday
    ],
)
def test_power_is_put_into_germanys_local_day(slot: str, quarter: int, run_map: Any) -> None:
    ((key, _),) = run_map("research/views/power_by_household_quarter", {**RESEARCH, "slot": slot})
    assert key[2:4] == [1, quarter]
