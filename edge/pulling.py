"""Pulling from the centre in a thread of its own: before each cycle, and again and again while it fails.

Whoever is about to measure waits for a pull, but never longer than it can afford; a pull that takes longer
goes on beside it. While the centre cannot be reached, tries are repeated with a back-off; the first that
comes through after a failure means that the link is back.
"""

import logging
import random
import threading
import time
from collections.abc import Callable

from couch.clock import Clock
from couch.documents import utc
from couch.errors import CouchError
from edge.data_transmitter import DataTransmitter, HouseholdErased
from edge.heartbeat import Vitals

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S = 1.0


class Pulling:
    """`run` is the thread; the other methods may be called from any thread."""

    def __init__(
        self,
        open_transmitter: Callable[[], DataTransmitter],
        *,
        clock: Clock,
        vitals: Vitals,
        longest_pause_s: float,
        link_returned: Callable[[], None],
        erased: Callable[[], None],
    ) -> None:
        """`erased`: called when the centre says that the household was erased; the thread ends then."""
        self._erased = erased
        self._open_transmitter = open_transmitter
        self._clock = clock
        self._vitals = vitals
        self._longest_pause_s = longest_pause_s
        self._link_returned = link_returned
        self._changed = threading.Condition()
        self._asked = 0  # pulls asked for
        self._ended = 0  # the newest ask that a finished pull has served
        self._came_through = False  # whether the newest finished pull did

    def before_cycle(self, timeout_s: float) -> bool:
        """Ask for a pull and wait for it, at most `timeout_s` real seconds; whether it came through."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            self._asked += 1
            mine = self._asked
            self._changed.notify_all()
            while self._ended < mine:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return False
            return self._came_through

    def wake(self) -> None:
        """Let a waiting thread look at its stop event."""
        with self._changed:
            self._changed.notify_all()

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set (call `wake` then)."""
        transmitter = self._open_transmitter()
        failures = 0
        while not stop.is_set():
            with self._changed:
                if self._asked == self._ended:
                    self._changed.wait(_pause_s(failures, self._longest_pause_s) if failures else None)
                if stop.is_set():
                    return
                serving = self._asked
                if serving == self._ended and not failures:
                    continue
            try:
                came_through = self._pull(transmitter)
            except HouseholdErased:
                self._erased()
                self._serve(serving, came_through=False)
                return
            self._serve(serving, came_through=came_through)
            if came_through and failures:
                _log.info("the link to the centre is back")
                self._link_returned()
            failures = 0 if came_through else failures + 1

    def _serve(self, asked: int, *, came_through: bool) -> None:
        with self._changed:
            self._ended, self._came_through = asked, came_through
            self._changed.notify_all()

    def _pull(self, transmitter: DataTransmitter) -> bool:
        try:
            transmitter.pull()
        except CouchError as err:
            self._vitals.failed("pull", err)
            _log.info("nothing could be pulled: %s", err)
            return False
        self._vitals.last_pull = utc(self._clock.now())
        self._vitals.succeeded("pull")
        return True


def _pause_s(failures: int, longest_s: float) -> float:
    """Real seconds before the next try: doubled after each failure, with jitter that spreads devices."""
    return random.uniform(0.5, 1.0) * min(longest_s, _FIRST_PAUSE_S * 2.0 ** min(failures - 1, 12))  # noqa: S311
