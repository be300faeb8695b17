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
UNKNOWN = {"type": "household_summary", "consent": "not_granted", "devices": [], "name": None}
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
    ("page/views/latest_slot_by_meter", MEASUREMENT, [[METER, NOON]]),
    ("page/views/measurements_by_meter_slot", MEASUREMENT, [[[METER, "2025-07-01T12:00:00Z"], None]]),
    (
        "page/views/gaps_by_meter_slot",
        GAP,
        [[[METER, "2025-07-01T12:00:00Z"], {"to_slot": "2025-07-01T12:30:00Z", "cause": "meter_silent"}]],
    ),
    ("registry/views/households_by_name", SUMMARY, [["Ada", None]]),
    ("registry/views/households_by_name", UNKNOWN, [[None, None]]),
    ("registry/views/households_by_city", SUMMARY, [[["Kiel", "Ada"], None]]),
    ("registry/views/households_by_city", UNKNOWN, [[[None, None], None]]),
    ("registry/views/households_by_consent", SUMMARY, [[["granted", "Ada"], None]]),
    ("registry/views/households_by_last_slot", SUMMARY, [["2025-07-01T12:00:00Z", None]]),
    ("registry/views/households_by_last_slot", UNKNOWN, [[None, None]]),
    ("registry/views/households_by_pseudonym", SUMMARY, [[H, None]]),
    (
        "registry/views/devices_by_heartbeat",
        SUMMARY,
        [["2025-07-01T12:00:09Z", DEVICE], [None, "never"]],
    ),
    ("registry/views/parked_by_household", PARKED, [[["x", "2025-07-01T12:00:00Z"], "why"]]),
    (
        "research/views/counters_by_meter_day",
        RESEARCH,
        [
            [[H, M, "0100010800ff", "2025-07-01"], 1234567.8],
            [[H, M, "0100020800ff", "2025-07-01"], 7000],
        ],
    ),
    ("research/views/latest_slot_by_household", RESEARCH, [[H, NOON]]),
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
