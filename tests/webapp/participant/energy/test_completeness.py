"""Slots due, stored, and missing for a reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from couch.clock import SLOT
from couch.documents import Gap
from couch.errors import Unreachable
from webapp.participant.energy.completeness import (
    MOST_SHOWN,
    Due,
    Missing,
    completeness,
    due_slots,
    first_missing,
    read_completeness,
    read_missing,
)

START = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
GRANTED = START + timedelta(hours=6, minutes=7)


def due(**more: Any) -> Due | None:
    known = {
        "granted_at": GRANTED,
        "revoked_at": None,
        "known_from": None,
        "last_stored": None,
        "now": START + DAY + timedelta(minutes=5),
    }
    return due_slots(**{**known, **more})


def missing(first: int, last: int, cause: str = "device_off") -> Missing:
    return Missing(START + first * SLOT, START + (last + 1) * SLOT, cause)


def test_slots_are_due_from_the_grant_to_the_one_that_ended_last() -> None:
    assert due() == Due(START + timedelta(hours=6, minutes=15), START + DAY)
    assert due(last_stored=START + DAY) == Due(START + timedelta(hours=6, minutes=15), START + DAY + SLOT)


def test_nothing_is_due_without_a_grant_or_after_a_revocation() -> None:
    assert due(granted_at=None) is None
    assert due(revoked_at=GRANTED) is None
    revoked = due(revoked_at=GRANTED + timedelta(hours=1))
    assert revoked is not None
    assert revoked.within(START, START + DAY) == 4


def test_what_was_pruned_here_is_not_missing() -> None:
    later = START + timedelta(hours=12)
    assert due(known_from=later) == Due(later, START + DAY)


def test_what_is_missing_is_counted_by_its_cause() -> None:
    all_day = Due(START, START + DAY)
    gaps = [missing(4, 7), missing(10, 10, "checksum"), missing(20, 29)]
    found = completeness(all_day, START, START + DAY, 79, gaps)
    assert (found.due, found.missing, found.unexplained) == (96, 17, 2)
    assert found.causes == (("device_off", 14), ("checksum", 1))
    assert [gap.start for gap in found.gaps] == [START + n * SLOT for n in (20, 10, 4)]
    assert not found.complete


def test_gaps_before_the_grant_are_nobodys() -> None:
    found = completeness(Due(START + 8 * SLOT, START + DAY), START, START + DAY, 86, [missing(4, 9)])
    assert (found.due, found.causes, found.unexplained) == (88, (("device_off", 2),), 0)


def test_a_long_list_of_gaps_is_cut_and_says_so() -> None:
    gaps = [missing(n, n) for n in range(0, 96, 1)]
    found = completeness(Due(START, START + DAY), START, START + DAY, 0, gaps)
    assert (len(found.gaps), found.gap_count) == (MOST_SHOWN, 96)
    assert found.gaps[0].start == START + 95 * SLOT


@pytest.mark.parametrize(("a_due", "stored"), [(Due(START, START + DAY), 96), (None, 0), (None, 3)])
def test_where_nothing_is_missing_the_database_is_not_asked_for_gaps(
    fake_database: Any, sample: Any, a_due: Due | None, stored: int
) -> None:
    fake_database.fails = Unreachable("nobody should ask")
    found = read_completeness(fake_database, sample.meter, a_due, START, START + DAY, stored=stored)
    assert (found.stored, found.missing, found.causes, found.gap_count) == (stored, 0, (), 0)


def test_where_one_slot_is_missing_its_cause_is_read(fake_database: Any, sample: Any) -> None:
    at = START + 5 * SLOT
    gap = Gap(meter=sample.meter, from_slot=at, to_slot=at, cause="locked", device=sample.device)
    fake_database.put_once(gap.to_json())
    all_day = Due(START, START + DAY)
    found = read_completeness(fake_database, sample.meter, all_day, START, START + DAY, stored=95)
    assert (found.missing, found.causes, found.unexplained) == (1, (("locked", 1),), 0)


def test_gap_documents_are_read_also_where_they_begin_before(fake_database: Any, sample: Any) -> None:
    def put(first: int, last: int, meter: str = sample.meter) -> None:
        gap = Gap(
            meter=meter,
            from_slot=START + first * SLOT,
            to_slot=START + last * SLOT,
            cause="device_off",
            device=sample.device,
        )
        fake_database.put_once(gap.to_json())

    for first, last in [(-20, -10), (-5, 2), (50, 51), (90, 120), (130, 131)]:
        put(first, last)
    put(10, 20, sample.generation_meter)
    found = list(read_missing(fake_database, sample.meter, START, START + DAY))
    assert found == [missing(0, 2), missing(50, 51), missing(90, 95)]
    assert list(read_missing(fake_database, sample.meter, START + 50 * SLOT, START + 51 * SLOT)) == [
        missing(50, 50)
    ]
    assert first_missing(fake_database, sample.meter) == START - 20 * SLOT
    assert first_missing(fake_database, sample.device) is None


def test_a_slot_that_two_gap_documents_name_is_missing_once(fake_database: Any, sample: Any) -> None:
    for first, last, cause in [(-3, 4, "device_off"), (0, 1, "locked"), (3, 9, "locked"), (5, 6, "checksum")]:
        gap = Gap(
            meter=sample.meter,
            from_slot=START + first * SLOT,
            to_slot=START + last * SLOT,
            cause=cause,  # type: ignore[arg-type]
            device=sample.device,
        )
        fake_database.put_once(gap.to_json())
    found = list(read_missing(fake_database, sample.meter, START - SLOT, START + DAY))
    assert found == [missing(-1, 4), missing(5, 9, "locked")]
    due = Due(START - SLOT, START + DAY)
    whole = read_completeness(fake_database, sample.meter, due, START - SLOT, START + DAY, stored=86)
    assert (whole.missing, whole.causes, whole.unexplained) == (11, (("device_off", 6), ("locked", 5)), 0)
