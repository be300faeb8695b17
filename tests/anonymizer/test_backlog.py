"""The backlog: no doubles, no two visits of one household at a time, patience after failures."""

import threading
from concurrent.futures import ThreadPoolExecutor

from anonymizer.backlog import Backlog

WITHIN_S = 10


class Hand:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_household_waits_once_however_often_it_changed() -> None:
    backlog = Backlog()
    for household in ("a", "b", "a"):
        backlog.add(household)
    assert [backlog.take(), backlog.take()] == ["a", "b"]
    assert len(backlog) == 2, "both are being visited"


def test_a_change_during_a_visit_leads_to_another_visit_afterwards() -> None:
    backlog = Backlog()
    backlog.add("a")
    assert backlog.take() == "a"
    backlog.add("a")
    backlog.add("b")
    assert backlog.take() == "b", "nobody visits a household that is being visited"
    backlog.done("a")
    assert backlog.take() == "a"


def test_a_failed_household_waits_its_pause() -> None:
    hand = Hand()
    backlog = Backlog(hand)
    backlog.add("a")
    backlog.take()
    assert backlog.failed("a") == 1
    backlog.later("a", 30.0)
    backlog.add("b")
    assert backlog.take() == "b"
    hand.now = 31.0
    assert backlog.take() == "a"
    assert backlog.failed("a") == 2


def test_a_change_ends_the_pause() -> None:
    backlog = Backlog(Hand())
    backlog.add("a")
    backlog.take()
    backlog.later("a", 3600.0)
    backlog.add("a")
    assert backlog.take() == "a"


def test_a_good_visit_forgets_the_failures() -> None:
    backlog = Backlog()
    backlog.add("a")
    backlog.take()
    backlog.failed("a")
    backlog.done("a")
    assert backlog.failed("a") == 1


def test_closing_wakes_everybody_up() -> None:
    backlog = Backlog()
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(backlog.take) for _ in range(2)]
        backlog.close()
        assert [one.result(WITHIN_S) for one in waiting] == [None, None]


def test_idle_means_that_nobody_waits_and_nobody_is_visited() -> None:
    backlog = Backlog()
    backlog.add("a")
    backlog.take()
    idle = threading.Event()

    def wait() -> None:
        backlog.wait_idle(threading.Event())
        idle.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not idle.is_set()
    backlog.done("a")
    assert idle.wait(WITHIN_S)
    thread.join()
