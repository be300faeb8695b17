"""The cycle: aligned slots, retries within a slot, nothing for a wrong slot."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from couch.clock import SLOT
from edge.clock_state import ClockState, ClockWitness
from edge.cycle import Cycle
from edge.heartbeat import Vitals

VIRTUAL = ClockWitness(virtual=True)


class Harness:
    """A cycle over a bench; `slots` are the numbers announced, in order."""

    def __init__(self, bench: Any, witness: ClockWitness = VIRTUAL) -> None:
        self.bench, self.stop, self.vitals = bench, threading.Event(), Vitals()
        self.start = bench.clock.at
        self.slots: list[int] = []
        self.pulls = 0
        self.told: list[ClockState] = []
        self.until = 3
        self.cycle = Cycle(
            bench.aggregator,
            clock=bench.clock,
            witness=witness,
            vitals=self.vitals,
            pull=self._pull,
            announce=self._announce,
            clock_lost=lambda: self.told.append(self.vitals.clock),
        )

    def _pull(self) -> None:
        self.pulls += 1

    def _announce(self, result: Any) -> None:
        self.slots.append((result.slot - self.start) // SLOT)
        if len(self.slots) == self.until:
            self.stop.set()

    def run_slot(self, number: int) -> bool:
        slot = self.start + number * SLOT
        self.bench.clock.at = max(self.bench.clock.at, slot)
        return self.cycle.run_slot(slot, self.stop)


@pytest.fixture
def harness(bench: Any) -> Harness:
    bench.grant()
    return Harness(bench)


def test_each_slot_is_measured_once_after_a_pull(harness: Harness) -> None:
    harness.bench.clock.at += timedelta(minutes=7)  # started within slot 0
    harness.cycle.run(harness.stop)
    assert harness.slots == [0, 1, 2]
    assert harness.bench.stored() == [0, 1, 2]
    assert harness.pulls == 3


def test_a_revocation_pulled_before_the_slot_stops_it(harness: Harness) -> None:
    harness.run_slot(0)
    harness.cycle._pull = lambda: harness.bench.revoke(1)
    harness.run_slot(1)
    assert harness.bench.stored() == [0]


def test_a_database_that_comes_back_within_the_slot_costs_nothing(harness: Harness) -> None:
    replica, tries = harness.bench.replica, []

    def refuse_first(moment: str) -> None:
        tries.append(moment)
        if len(tries) == 1:
            replica.reachable = False
            threading.Timer(0.05, lambda: setattr(replica, "reachable", True)).start()
            replica._reach()

    replica.on_write = refuse_first
    harness.run_slot(0)
    assert harness.bench.stored() == [0]
    assert harness.vitals.errors() == ()


def test_a_slot_lost_to_the_database_says_so_and_the_next_one_goes_on(harness: Harness) -> None:
    harness.run_slot(0)
    harness.bench.replica.reachable = False
    harness.bench.clock.real_seconds_until = lambda _moment: 0.1
    harness.run_slot(1)
    assert "measuring" in harness.vitals.errors()[0]
    harness.bench.replica.reachable = True
    harness.run_slot(2)
    assert harness.bench.stored() == [0, 2]
    assert harness.bench.gaps() == [(1, 1, "storage")]


def test_a_clock_that_fell_back_measures_nothing_and_names_the_gap(harness: Harness) -> None:
    clock = harness.bench.clock
    harness.run_slot(0)
    harness.run_slot(4)
    clock.at = harness.start
    assert not harness.cycle.run_slot(harness.start, harness.stop)
    assert not harness.cycle.run_slot(harness.start, harness.stop)
    assert harness.told == [ClockState.IMPLAUSIBLE]
    clock.at = harness.start + 6 * SLOT
    harness.cycle._lost_clock_at -= 1.5 * SLOT.total_seconds()
    harness.run_slot(6)
    assert harness.bench.stored() == [0, 4, 6]
    assert harness.bench.gaps() == [(1, 3, "device_off"), (5, 5, "clock_unknown")]


def test_a_clock_before_a_stored_slot_is_found_out_without_the_ledger(harness: Harness) -> None:
    harness.run_slot(4)
    harness.bench.replica.locals.clear()
    harness.bench.restart()
    again = Harness(harness.bench)
    harness.bench.clock.at = harness.start + SLOT
    assert not again.cycle.run_slot(harness.start + SLOT, again.stop)


def test_a_clock_that_is_not_synchronized_marks_the_measurement(bench: Any, tmp_path: Path) -> None:
    bench.grant()
    witness = ClockWitness(virtual=False, released=bench.clock.at, timesync=tmp_path / "absent")
    harness = Harness(bench, witness)
    harness.run_slot(0)
    (doc,) = [doc for name, doc in bench.replica.docs.items() if name.startswith("measurement:")]
    assert doc["time"]["source"] == harness.vitals.clock.value


def test_a_missing_meter_stands_in_the_heartbeat_until_it_is_back(harness: Harness) -> None:
    harness.bench.script = lambda _meter, number: "meter_silent" if number == 0 else None
    harness.bench.restart()
    again = Harness(harness.bench)
    again.run_slot(0)
    assert "meter_silent" in again.vitals.errors()[0]
    again.run_slot(1)
    assert again.vitals.errors() == ()
