"""Where what a device says and what the centre sees do not agree."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from couch.documents import ConsentState, DeviceSummary, HouseholdSummary
from webapp.administrator.checkpoints import checkpoints
from webapp.administrator.contradictions import Contradiction as C
from webapp.administrator.contradictions import contradictions
from webapp.administrator.thresholds import Thresholds

NOON = datetime.fromisoformat("2026-06-30T12:00:00+00:00")
HOUR = timedelta(hours=1)
ID = "5f000000-0000-4000-8000-00000000aaaa"


def found(said: dict[str, Any], known: dict[str, Any], others: int = 0, **more: Any) -> list[C]:
    device = DeviceSummary(
        device=ID,
        name="x",
        **{"heartbeat_at": NOON, "heard_at": NOON, "last_measurement": NOON, "last_push": NOON, **said},
    )
    household = HouseholdSummary(
        household=ID,
        pseudonym="a" * 32,
        devices=(device,) * (1 + others),
        **{"consent": ConsentState.GRANTED, "last_slot": NOON - HOUR / 4, **known},
    )
    return contradictions(device, household, Thresholds(), **more)


@pytest.mark.parametrize(
    ("said", "known", "more", "expected"),
    [
        ({}, {}, {}, []),
        ({"backlog": 9}, {"last_slot": NOON - 3 * HOUR}, {}, [C.MEASURED_NOT_ARRIVED]),
        ({"backlog": 0}, {"last_slot": None}, {}, [C.MEASURED_NOT_ARRIVED, C.NOTHING_WAITS]),
        ({"last_measurement": NOON - HOUR}, {"last_slot": NOON}, {}, [C.ARRIVED_NOT_MEASURED]),
        ({"last_measurement": NOON - HOUR}, {"last_slot": NOON}, {"others": 1}, []),
        ({"last_push": NOON - 3 * HOUR}, {}, {}, [C.HEARD_NOT_SENT]),
        ({"last_push": None}, {}, {}, [C.HEARD_NOT_SENT]),
        ({}, {}, {"parked": 2}, [C.PARKED_NOT_REFUSED]),
        ({"refused": 2}, {}, {"parked": 2}, []),
        ({"heartbeat_at": NOON + HOUR, "last_push": NOON + HOUR}, {}, {}, [C.CLOCK]),
        ({"certificate_ends": NOON}, {}, {"issued_until": NOON + timedelta(days=60)}, [C.CERTIFICATE]),
        ({"certificate_ends": NOON}, {}, {"issued_until": NOON}, []),
        ({"heartbeat_at": None, "last_push": None}, {"last_slot": None}, {}, []),
        ({}, {"consent": ConsentState.REVOKED, "last_slot": None}, {}, []),
        ({}, {"erased": True, "last_slot": None}, {"parked": 1}, []),
    ],
)
def test_the_table_of_contradictions(said: Any, known: Any, more: Any, expected: list[C]) -> None:
    assert found(said, known, **more) == expected


def test_checkpoints_are_read_newest_first_and_what_is_none_is_left_out() -> None:
    def session(end: str, **more: int) -> Any:
        return {"_id": f"_local/{end[5:7]}", "history": [{"end_time": end, **more}, {"end_time": "x"}]}

    read = checkpoints(
        [
            session("Mon, 29 Jun 2026 12:00:00 GMT", docs_read=3, docs_written=2, doc_write_failures=1),
            session("Tue, 30 Jun 2026 12:00:00 GMT"),
            session("someday"),
            {"_id": "_local/heartbeat", "at": "x"},
            {"_id": "_local/odd", "history": ["x"]},
            {"_id": "_local/empty", "history": []},
        ]
    )
    assert [(one.replication, one.ended_at.day) for one in read] == [("30", 30), ("29", 29)]
    assert (read[1].read, read[1].written, read[1].failures) == (3, 2, 1)
