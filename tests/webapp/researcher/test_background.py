"""Figures that are read in the background."""

import threading
from collections.abc import Callable

from couch.errors import Unreachable
from webapp.researcher.background import Background, Refreshed


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def counting(fails: list[bool]) -> Callable[[int | None], int]:
    def read(known: int | None) -> int:
        if fails and fails.pop(0):
            raise Unreachable("x")
        return (known or 0) + 1

    return read


def test_a_value_is_read_anew_only_when_it_has_become_old() -> None:
    clock = Clock()
    kept = Refreshed(counting([]), lambda work: work(), every_s=60, monotonic=clock)
    assert kept.get().value == 1  # type: ignore[union-attr]
    clock.now = 59
    found = kept.get()
    assert found is not None
    assert (found.value, found.age.total_seconds()) == (1, 59)
    clock.now = 60
    assert kept.get().value == 2  # type: ignore[union-attr]


def test_nobody_waits_while_it_is_read_and_it_is_read_once() -> None:
    asked: list[Callable[[], None]] = []
    kept = Refreshed(counting([]), asked.append, every_s=60, monotonic=Clock())
    assert kept.get() is None
    assert kept.get() is None
    assert len(asked) == 1
    asked[0]()
    assert kept.get().value == 1  # type: ignore[union-attr]


def test_a_failure_keeps_the_old_value_and_is_repeated_soon() -> None:
    clock = Clock()
    kept = Refreshed(counting([False, True]), lambda work: work(), every_s=600, monotonic=clock)
    kept.get()
    for at, value in ((600, 1), (629, 1), (630, 2)):
        clock.now = at
        assert kept.get().value == value  # type: ignore[union-attr]


def test_work_that_breaks_does_not_end_the_thread() -> None:
    background, done = Background(), threading.Event()
    background.submit(lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    background.submit(done.set)
    assert done.wait(10)
