"""Guessing gets slower."""

import threading

from webapp.tries import Tries


class Time:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_the_first_tries_are_free_and_then_each_costs_twice_as_long() -> None:
    time = Time()
    tries = Tries(free=3, first_s=2, most_s=10, monotonic=time)
    waits = []
    for _ in range(7):
        _right, wait = tries.attempt("x", lambda: False)
        waits.append(wait)
        time.seconds += wait
    assert waits == [0, 0, 2, 4, 8, 10, 10]


def test_a_right_try_too_early_is_not_even_looked_at() -> None:
    tries = Tries(free=1, monotonic=Time())
    tries.attempt("x", lambda: False)
    looked: list[bool] = []
    right, wait = tries.attempt("x", lambda: looked.append(True) or True)  # type: ignore[func-returns-value]
    assert (right, looked) == (False, [])
    assert wait > 0


def test_a_right_try_forgets_the_wrong_ones() -> None:
    tries = Tries(free=3, monotonic=Time())
    for _ in range(2):
        tries.attempt("x", lambda: False)
    assert tries.attempt("x", lambda: True) == (True, 0.0)
    assert tries.attempt("x", lambda: False) == (False, 0.0)


def test_many_guesses_at_once_do_not_slip_past_the_limit() -> None:
    tries = Tries(free=2, monotonic=Time())
    looked: list[int] = []
    start = threading.Barrier(8)

    def guess() -> None:
        start.wait()
        tries.attempt("x", lambda: bool(looked.append(1)))  # type: ignore[func-returns-value]

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looked) <= 2


def test_memory_for_names_is_bounded() -> None:
    tries = Tries(free=1, names=10, monotonic=Time())
    for number in range(1000):
        tries.attempt(str(number), lambda: False)
    assert tries.attempt("0", lambda: True) == (True, 0.0)
