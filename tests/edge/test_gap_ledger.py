"""The gap ledger's rules, as pure functions over slots."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couch.clock import SLOT
from couch.documents import Gap
from edge.gap_ledger import MeterLedger, Run, closed, first_slot_after, recover, step

START = datetime(2026, 3, 1, tzinfo=UTC)
METER = "11111111-1111-4111-8111-111111111111"
DEVICE = "22222222-2222-4222-8222-222222222222"


def slot(number: int) -> datetime:
    return START + number * SLOT


def run(first: int, last: int, cause: str) -> Run:
    return Run(slot(first), slot(last), cause)


def gap(first: int, last: int, cause: str = "device_off") -> Gap:
    return Gap(meter=METER, from_slot=slot(first), to_slot=slot(last), cause=cause, device=DEVICE)


def walk(outcomes: list[str | None]) -> tuple[MeterLedger, list[Run]]:
    ledger, ended = MeterLedger(), []
    for number, missing in enumerate(outcomes):
        ledger, done = step(ledger, slot(number), missing, START)
        ended += [done] if done else []
    return ledger, ended


def test_a_stored_slot_ends_the_run_before_it() -> None:
    ledger, ended = walk([None, "meter_silent", "meter_silent", None])
    assert ended == [run(1, 2, "meter_silent")]
    assert ledger == MeterLedger(slot(3))


def test_a_run_is_split_where_its_cause_changes() -> None:
    ledger, ended = walk(["meter_silent", "checksum", "checksum"])
    assert ended == [run(0, 0, "meter_silent")]
    assert ledger.run == run(1, 2, "checksum")


def test_a_run_that_lasts_is_no_gap_yet() -> None:
    _, ended = walk(["head_unplugged"] * 5)
    assert ended == []


def test_a_repeated_slot_changes_nothing() -> None:
    ledger, _ = walk([None, "meter_silent"])
    assert step(ledger, slot(1), None, START) == (ledger, None)
    assert step(ledger, slot(0), "checksum", START) == (ledger, None)


def test_a_slot_that_would_leave_others_unaccounted_is_refused() -> None:
    with pytest.raises(ValueError, match="not accounted for"):
        step(MeterLedger(slot(0)), slot(2), None, START)


def test_slots_before_the_grant_are_nobodys_gap() -> None:
    ledger, ended = step(MeterLedger(), slot(0), "meter_silent", slot(1))
    assert (ledger.run, ended) == (None, None)
    assert first_slot_after(slot(1)) == slot(1)
    assert first_slot_after(slot(1) + timedelta(seconds=1)) == slot(2)


def test_a_device_that_was_off_says_so() -> None:
    ledger, ended = recover(MeterLedger(slot(3)), since=START, until=slot(6), stored=[], gaps=[])
    assert ended == ()
    assert ledger == MeterLedger(slot(6), run(4, 6, "device_off"))


def test_the_run_open_at_a_power_failure_keeps_its_cause() -> None:
    before = MeterLedger(slot(3), run(2, 3, "meter_silent"))
    ledger, ended = recover(before, since=START, until=slot(6), stored=[], gaps=[])
    assert ended == (run(2, 3, "meter_silent"),)
    assert ledger.run == run(4, 6, "device_off")


def test_a_measurement_written_before_the_crash_ends_the_open_run() -> None:
    before = MeterLedger(slot(3), run(2, 3, "meter_silent"))
    ledger, ended = recover(before, since=START, until=slot(4), stored=[slot(4)], gaps=[])
    assert ended == (run(2, 3, "meter_silent"),)
    assert ledger == MeterLedger(slot(4))


def test_a_gap_written_before_the_crash_is_not_written_again() -> None:
    before = MeterLedger(slot(3), run(2, 3, "meter_silent"))
    ledger, ended = recover(before, since=START, until=slot(6), stored=[slot(4)], gaps=[gap(2, 3)])
    assert ended == ()
    assert ledger.run == run(5, 6, "device_off")


def test_slots_lived_through_keep_the_cause_known_in_the_process() -> None:
    lived = [run(5, 6, "storage")]
    ledger, ended = recover(MeterLedger(slot(3)), since=START, until=slot(8), stored=[], gaps=[], lived=lived)
    assert ended == (run(4, 4, "device_off"), run(5, 6, "storage"))
    assert ledger.run == run(7, 8, "device_off")


def test_a_lost_ledger_is_derived_from_the_replica() -> None:
    ledger, ended = recover(
        MeterLedger(), since=slot(0), until=slot(9), stored=[slot(1), slot(2), slot(5)], gaps=[gap(3, 3)]
    )
    assert ended == (run(0, 0, "device_off"), run(4, 4, "device_off"))
    assert ledger == MeterLedger(slot(9), run(6, 9, "device_off"))


def test_slots_between_a_grant_elsewhere_and_its_arrival_lacked_consent() -> None:
    ledger = MeterLedger()
    for number in range(8):
        ledger = closed(ledger, slot(number))
    after, ended = recover(ledger, since=slot(5), until=slot(7), stored=[], gaps=[])
    assert (ended, after.run) == ((), run(5, 7, "no_consent"))
    later, ended = recover(ledger, since=slot(9), until=slot(8), stored=[], gaps=[])
    assert (ended, later.run) == ((), None)


def test_a_present_slot_accounted_for_before_a_restart_stays_so() -> None:
    before = MeterLedger(slot(4), run(4, 4, "checksum"))
    assert recover(before, since=START, until=slot(3), stored=[], gaps=[]) == (before, ())


@given(
    stored=st.sets(st.integers(0, 30)),
    covered=st.sets(st.integers(0, 30)),
    accounted=st.integers(-1, 30),
    since=st.integers(0, 10),
)
def test_recovery_covers_each_slot_once(
    stored: set[int], covered: set[int], accounted: int, since: int
) -> None:
    """Stored, gap documents, new runs and the open run are a partition of what was unaccounted for."""
    covered -= stored
    ledger = MeterLedger(slot(accounted)) if accounted >= 0 else MeterLedger()
    after, ended = recover(
        ledger,
        since=slot(since),
        until=slot(30),
        stored=[slot(number) for number in stored],
        gaps=[gap(number, number) for number in covered],
    )
    runs = [*ended, *([after.run] if after.run else [])]
    held = [START + number * SLOT for number in range(31) if number in stored or number in covered]
    slots = [each.first + SLOT * k for each in runs for k in range((each.last - each.first) // SLOT + 1)]
    assert sorted({*slots, *held}) == sorted([*slots, *held])
    base = max(since, accounted + 1)
    assert {slot(number) for number in range(base, 31)} <= {*slots, *held}
    assert all(slot(base) <= each for each in slots)
    assert all(left.last < right.first for left, right in pairwise(runs))


def test_an_absence_that_goes_on_over_a_restart_is_one_run() -> None:
    before = MeterLedger(slot(3), run(2, 3, "device_off"))
    ledger, ended = recover(before, since=START, until=slot(6), stored=[], gaps=[])
    assert (ended, ledger.run) == ((), run(2, 6, "device_off"))
