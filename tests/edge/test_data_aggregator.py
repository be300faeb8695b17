"""The Data Aggregator: consent first, each slot once, and the order of its writes."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from couch.documents import ConsentState, Measurement
from couch.errors import Unreachable


def test_nothing_is_measured_without_consent(bench: Any) -> None:
    result = bench.measure(0)
    assert result.consent is ConsentState.NOT_GRANTED
    assert (bench.reads, bench.replica.docs) == ([], {})


def test_nothing_is_measured_after_a_revocation(bench: Any) -> None:
    bench.grant()
    bench.measure(1)
    bench.revoke(2)
    assert bench.measure(2).consent is ConsentState.REVOKED
    assert bench.stored() == [1]
    assert bench.replica.secured["consent"]["state"] == "revoked"


def test_a_revocation_without_a_grant_is_final(bench: Any) -> None:
    bench.revoke(0)
    bench.measure(0)
    bench.grant(1)
    assert bench.measure(1).consent is ConsentState.REVOKED
    assert bench.reads == []


def test_a_forged_consent_opens_nothing(bench: Any) -> None:
    bench.grant()
    bench.replica.docs["consent:granted"]["state"] = "revoked"  # its body does not match its id
    assert bench.measure(1).consent is ConsentState.NOT_GRANTED
    assert bench.reads == []


def test_a_reading_becomes_a_measurement_with_the_provenance_of_its_time(bench: Any, meters: Any) -> None:
    bench.grant()
    assert bench.measure(3).stored == meters[:1]
    (name,) = [name for name in bench.replica.docs if name.startswith("measurement:")]
    stored = Measurement.from_json(bench.replica.docs[name])
    assert (stored.time.source, stored.time.meter_seconds) == ("synchronized", 2700)
    assert stored.time.boot
    assert stored.time.monotonic_ms == (3 * 15 + 1) * 60_000


def test_a_revocation_while_the_meter_is_read_stops_the_measurement(bench: Any) -> None:
    bench.grant()
    bench.before_answer = lambda: bench.revoke(1)
    assert bench.measure(1).consent is ConsentState.REVOKED
    assert bench.stored() == []


def test_a_repeated_slot_is_one_document(bench: Any) -> None:
    bench.grant()
    bench.measure(1)
    first = dict(bench.replica.docs)
    bench.measure(1)
    bench.restart()
    bench.measure(1)
    bench.replica.locals.clear()
    bench.restart()
    bench.measure(1)
    assert bench.replica.docs == first
    assert len(bench.reads) == 1


def test_two_agents_at_once_write_one_document(bench: Any, meters: Any) -> None:
    bench.grant()
    both = threading.Barrier(2)
    bench.before_answer = lambda: (both.wait(10), None)[1]
    other = bench.another()
    results: list[Any] = []

    def run() -> None:
        results.append(other.measure(bench.clock.now().replace(minute=15), bench_state))

    bench_state = "synchronized"
    bench.clock.at = bench.clock.at.replace(minute=16)
    thread = threading.Thread(target=run)
    thread.start()
    results.append(bench.measure(1))
    thread.join(10)
    assert [each.stored for each in results] == [meters[:1], meters[:1]]
    assert bench.stored() == [1]


def test_a_meter_that_fails_costs_the_others_nothing(make_bench: Callable[..., Any], meters: Any) -> None:
    def script(meter: str, _number: int) -> str | None:
        return "head_unplugged" if meter == meters[0] else None

    bench = make_bench(meters=meters, script=script)
    bench.grant()
    result = bench.measure(0)
    assert result.missing == {meters[0]: "head_unplugged"}
    assert result.stored == meters[1:]


def test_a_head_that_hangs_costs_neither_the_slot_nor_the_other_meters(
    make_bench: Callable[..., Any], meters: Any
) -> None:
    release = threading.Event()

    def script(meter: str, _number: int) -> str | None:
        if meter == meters[0]:
            release.wait(30)
        return None

    bench = make_bench(meters=meters, script=script)
    bench.grant()
    assert bench.measure(0).missing == {meters[0]: "meter_silent"}
    assert bench.measure(1).missing == {meters[0]: "meter_silent"}
    assert bench.stored(meters[1]) == [0, 1]
    release.set()


def test_a_defect_in_a_driver_costs_one_slot_of_one_meter(bench: Any) -> None:
    bench.grant()

    def break_once() -> None:
        bench.before_answer = lambda: None
        raise ZeroDivisionError

    bench.before_answer = break_once
    assert list(bench.measure(0).missing.values()) == ["meter_silent"]
    assert bench.measure(1).stored


def test_an_unreachable_database_is_reported_and_the_slot_can_be_repeated(bench: Any) -> None:
    bench.grant()
    bench.measure(0)

    def vanish() -> None:
        bench.replica.reachable = False

    bench.before_answer = vanish
    with pytest.raises(Unreachable):
        bench.measure(1)
    bench.before_answer = lambda: None
    bench.replica.reachable = True
    assert bench.measure(1).stored
    assert bench.stored() == [0, 1]


def test_ended_runs_become_gaps_with_their_cause(bench: Any) -> None:
    causes = {2: "meter_silent", 3: "meter_silent", 4: "checksum"}
    bench.script = lambda _meter, number: causes.get(number)
    bench.restart()
    bench.grant()
    for number in range(6):
        bench.measure(number)
    assert bench.stored() == [0, 1, 5]
    assert bench.gaps() == [(2, 3, "meter_silent"), (4, 4, "checksum")]


def test_slots_before_the_grant_are_no_gap(bench: Any) -> None:
    for number in range(3):
        bench.measure(number)
    bench.replica.record("granted", bench.clock.now())
    for number in range(3, 5):
        bench.measure(number)
    assert (bench.stored(), bench.gaps()) == ([3, 4], [])


def test_slots_between_a_grant_on_another_device_and_its_arrival_lacked_consent(bench: Any) -> None:
    for number in range(4):
        bench.measure(number)
    bench.grant(2)  # recorded in slot 2, pulled before slot 4
    bench.measure(4)
    assert bench.gaps() == [(2, 3, "no_consent")]


def test_a_device_that_was_off_says_so_when_it_is_back(bench: Any) -> None:
    bench.grant()
    bench.measure(0)
    bench.restart()
    bench.measure(5)
    assert bench.gaps() == [(1, 4, "device_off")]


def test_a_lost_ledger_is_derived_from_the_replica(bench: Any) -> None:
    causes = {1: "locked", 2: "locked"}
    bench.script = lambda _meter, number: causes.get(number)
    bench.restart()
    bench.grant()
    for number in (0, 1, 2, 3):
        bench.measure(number)
    bench.replica.locals.clear()
    bench.restart()
    bench.measure(6)
    assert bench.stored() == [0, 3, 6]
    assert bench.gaps() == [(1, 2, "locked"), (4, 5, "device_off")]


def test_an_unreadable_ledger_counts_as_lost(bench: Any) -> None:
    bench.grant()
    bench.measure(0)
    bench.replica.locals["cycle"] = {"meters": "?"}
    bench.restart()
    bench.measure(2)
    assert bench.gaps() == [(1, 1, "device_off")]


def test_gaps_are_written_only_while_granted(bench: Any) -> None:
    bench.script = lambda _meter, number: "meter_silent" if number == 1 else None
    bench.restart()
    bench.grant()
    bench.measure(0)
    bench.measure(1)
    bench.revoke(2)
    bench.measure(2)
    assert bench.gaps() == []


def test_a_device_or_meter_that_joins_late_claims_no_gap_for_the_time_before(
    make_bench: Callable[..., Any], meters: Any
) -> None:
    bench = make_bench()
    bench.grant(0)
    bench.measure(5)
    bench.meters = meters
    bench.restart()
    bench.measure(8)
    assert (bench.stored(), bench.gaps()) == ([5, 8], [(6, 7, "device_off")])
    assert (bench.stored(meters[1]), bench.gaps(meters[1])) == ([8], [])
