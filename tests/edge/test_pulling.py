"""The pull thread: bounded for whoever measures, stubborn while the link is down."""

import threading
from collections.abc import Iterator

import pytest

from couch.clock import Clock
from couch.errors import Unreachable
from edge.data_transmitter import HouseholdErased
from edge.heartbeat import Vitals
from edge.pulling import Pulling


class Centre:
    """Stands for the transmitter: reachable or not, and as slow as `gate` makes it."""

    def __init__(self) -> None:
        self.reachable, self.pulls, self.gate = True, 0, threading.Event()
        self.gate.set()
        self.tried = threading.Semaphore(0)
        self.erased = False

    def pull(self) -> None:
        self.gate.wait(20)
        self.pulls += 1
        self.tried.release()
        if self.erased:
            raise HouseholdErased
        if not self.reachable:
            raise Unreachable("the centre does not answer")


class Running:
    def __init__(self) -> None:
        self.centre, self.vitals = Centre(), Vitals()
        self.back, self.stop, self.erased = threading.Event(), threading.Event(), threading.Event()
        self.pulling = Pulling(
            lambda: self.centre,
            clock=Clock(),
            vitals=self.vitals,
            longest_pause_s=0.05,
            link_returned=self.back.set,
            erased=self.erased.set,
        )
        self.thread = threading.Thread(target=self.pulling.run, args=(self.stop,))
        self.thread.start()


@pytest.fixture
def running() -> Iterator[Running]:
    made = Running()
    yield made
    made.centre.gate.set()
    made.stop.set()
    made.pulling.wake()
    made.thread.join(20)
    assert not made.thread.is_alive()


def test_a_cycle_waits_for_its_own_pull(running: Running) -> None:
    assert running.pulling.before_cycle(20)
    assert running.pulling.before_cycle(20)
    assert running.centre.pulls == 2
    assert running.vitals.last_pull is not None


def test_a_slow_network_delays_a_cycle_no_further_than_allowed(running: Running) -> None:
    running.centre.gate.clear()
    assert not running.pulling.before_cycle(0.05)
    running.centre.gate.set()
    assert running.pulling.before_cycle(20)


def test_a_failed_pull_is_repeated_until_the_link_is_back(running: Running) -> None:
    running.centre.reachable = False
    assert not running.pulling.before_cycle(20)
    assert "pull" in running.vitals.errors()[0]
    for _ in range(3):
        assert running.centre.tried.acquire(timeout=20)
    assert not running.back.is_set()
    running.centre.reachable = True
    assert running.back.wait(20)
    assert running.vitals.errors() == ()


def test_nothing_is_pulled_unasked_while_the_link_is_up(running: Running) -> None:
    running.pulling.before_cycle(20)
    running.pulling.wake()
    assert running.pulling.before_cycle(20)
    assert running.centre.pulls == 2


def test_an_erased_household_ends_the_thread_and_lets_nobody_wait(running: Running) -> None:
    running.centre.erased = True
    assert not running.pulling.before_cycle(20)
    assert running.erased.wait(20)
    running.thread.join(20)
    assert not running.thread.is_alive()
    assert running.centre.pulls == 1
