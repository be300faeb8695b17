"""Slows guessing down: after some wrong tries the next ones wait, twice as long each time."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class _Record:
    wrong: int = 0
    open_at: float = 0.0  # monotonic second from which the next try is looked at


class Tries:
    """Counts wrong tries by name, in memory, in real time.

    After `free` wrong tries each further one closes the door for `first_s`, doubled each time, up to
    `most_s`. A right try forgets the wrong ones. At most `names` names are remembered, the oldest goes.
    """

    def __init__(
        self,
        *,
        free: int = 5,
        first_s: float = 2.0,
        most_s: float = 300.0,
        names: int = 10_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free, self._first_s, self._most_s, self._names = free, first_s, most_s, names
        self._monotonic = monotonic
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._lock = threading.Lock()

    def attempt(self, name: str, check: Callable[[], bool]) -> tuple[bool, float]:
        """Run `check` unless `name` has to wait: (whether it was right, seconds to wait before the next).

        A try counts as wrong before it is checked, so that many at once cannot all slip in.
        """
        with self._lock:
            now = self._monotonic()
            record = self._records.setdefault(name, _Record())
            self._records.move_to_end(name)
            if len(self._records) > self._names:
                self._records.popitem(last=False)
            if now < record.open_at:
                return False, record.open_at - now
            record.wrong += 1
            beyond = record.wrong - self._free
            wait = min(self._first_s * 2.0 ** min(beyond, 60), self._most_s) if beyond >= 0 else 0.0
            record.open_at = now + wait
        if not check():
            return False, wait
        with self._lock:
            self._records.pop(name, None)
        return True, 0.0

    def forget(self) -> None:
        """Forget every wrong try."""
        with self._lock:
            self._records.clear()
