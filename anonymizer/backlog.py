"""Which households are waiting for a visit: each at most once, never two visits of one at a time.

Times are real seconds on the monotonic clock: back-off has nothing to do with survey time.
"""

import heapq
import threading
import time
from collections.abc import Callable


class Backlog:
    """A queue without doubles for several threads, with a place for households that wait after a failure."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._ready: dict[str, None] = {}  # in the order in which they came
        self._later: list[tuple[float, str]] = []  # a heap of (when, household)
        self._at_work: set[str] = set()
        self._again: set[str] = set()  # changed while being visited
        self._failures: dict[str, int] = {}
        self._since: dict[str, float] = {}  # when it was announced first
        self._closed = False

    def add(self, household: str) -> None:
        """It changed: visit it, at once even where it waits after a failure."""
        with self._changed:
            self._since.setdefault(household, self._monotonic())
            if household in self._at_work:
                self._again.add(household)
            else:
                self._ready[household] = None
                self._changed.notify()

    def take(self) -> str | None:
        """The next household, as soon as there is one; None when the backlog was closed."""
        with self._changed:
            while not self._closed:
                wait_s = self._move_due()
                if self._ready:
                    household = next(iter(self._ready))
                    del self._ready[household]
                    self._at_work.add(household)
                    return household
                self._changed.wait(wait_s)
            return None

    def done(self, household: str) -> None:
        """Its visit ended well."""
        with self._changed:
            self._failures.pop(household, None)
            self._since.pop(household, None)
            if household in self._again:
                self._since[household] = self._monotonic()
            self._leave(household)

    def failed(self, household: str) -> int:
        """Its visit failed; how often in a row by now. Follow it by `later` or `done`."""
        with self._changed:
            self._failures[household] = self._failures.get(household, 0) + 1
            return self._failures[household]

    def later(self, household: str, pause_s: float) -> None:
        """Visit it again after `pause_s`, or when it changes."""
        with self._changed:
            heapq.heappush(self._later, (self._monotonic() + pause_s, household))
            self._leave(household)
            self._changed.notify()

    def wait_idle(self, stop: threading.Event) -> None:
        """Until nobody waits and nobody is visited, or until `stop` is set."""
        with self._changed:
            while (self._ready or self._later or self._at_work) and not (self._closed or stop.is_set()):
                self._changed.wait(0.5)

    def close(self) -> None:
        """Wake everybody up; `take` returns None from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def lag_s(self) -> float:
        """For how long the household that waits longest has been waiting; 0 where none waits."""
        with self._changed:
            return max(self._monotonic() - min(self._since.values()), 0.0) if self._since else 0.0

    def __len__(self) -> int:
        with self._changed:
            return len(self._ready) + len(self._later) + len(self._at_work)

    def _leave(self, household: str) -> None:
        self._at_work.discard(household)
        if household in self._again:
            self._again.discard(household)
            self._ready[household] = None
        self._changed.notify_all()

    def _move_due(self) -> float | None:
        """Move those whose pause is over; the seconds until the next, None where nobody waits."""
        while self._later:
            left = self._later[0][0] - self._monotonic()
            if left > 0:
                return left
            _, household = heapq.heappop(self._later)
            if household in self._at_work:
                self._again.add(household)
            else:
                self._ready[household] = None
        return None
