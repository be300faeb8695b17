"""The 15-minute cycle: aligned slots, a pull before each, retries within it, and nothing for a wrong slot.

Waits follow the survey's clock; pauses between retries are real time.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from couch.clock import SLOT, Clock, slot_of
from couch.documents import utc
from couch.errors import CouchError
from edge.clock_state import ClockState, ClockWitness
from edge.data_aggregator import DataAggregator, SlotResult
from edge.heartbeat import Vitals

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_CLOCK_PAUSE_S = 10.0  # between looks at a clock that cannot be right


class Cycle:
    """Runs the aggregator slot by slot, in one thread.

    `pull` is called before each slot is measured and bounds its own time; `announce` after it, with what is
    stored; `clock_lost` once when the clock cannot be right. None of them raises.
    """

    def __init__(
        self,
        aggregator: DataAggregator,
        *,
        clock: Clock,
        witness: ClockWitness,
        vitals: Vitals,
        pull: Callable[[], object],
        announce: Callable[[SlotResult], None],
        clock_lost: Callable[[], None],
    ) -> None:
        self._aggregator = aggregator
        self._clock = clock
        self._witness = witness
        self._vitals = vitals
        self._pull = pull
        self._announce = announce
        self._clock_lost = clock_lost
        self._lost_clock_at: float | None = None  # monotonic real time since which the clock cannot be right

    def run(self, stop: threading.Event) -> None:
        """Measure the present slot, then each next one as it begins, until `stop` is set."""
        while not stop.is_set():
            slot = slot_of(self._clock.now())
            if self.run_slot(slot, stop):
                self._clock.sleep_until(slot + SLOT, stop)
            else:
                stop.wait(_CLOCK_PAUSE_S)

    def run_slot(self, slot: datetime, stop: threading.Event) -> bool:
        """Pull, measure and announce `slot`, the present one; retry while it lasts.

        False when the clock cannot be right, so that nothing is known of slots.
        """
        pulled, failures = False, 0
        while True:
            try:
                state = self._judge()
                if state is ClockState.IMPLAUSIBLE:
                    return False
                if not pulled:
                    self._pull()
                    pulled = True
                result = self._aggregator.measure(slot, state)
            except CouchError as err:
                failures += 1
                self._vitals.failed("measuring", err)
                _log.warning("slot %s is not stored yet: %s", slot, err)
                if not self._may_retry(slot, failures, stop):
                    self._aggregator.gaps.lived_through(slot, slot, "storage")
                    return True
            else:
                self._succeeded(result)
                return True

    def _may_retry(self, slot: datetime, failures: int, stop: threading.Event) -> bool:
        """Wait before another try; False when the slot would be over by then, or when stopped."""
        pause_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(failures - 1, 8))
        if self._clock.real_seconds_until(slot + SLOT) <= pause_s:
            return False
        return not stop.wait(pause_s)

    def _succeeded(self, result: SlotResult) -> None:
        self._vitals.succeeded("measuring")
        if result.stored:
            self._vitals.last_measurement = utc(self._clock.now())
        for meter, cause in result.missing.items():
            self._vitals.failed(f"meter {meter}", cause)
        for meter in result.stored:
            self._vitals.succeeded(f"meter {meter}")
        self._announce(result)

    def _judge(self) -> ClockState:
        """The clock's state; while it is implausible, time is counted, to name the cause of the gap later."""
        now = self._clock.now()
        state = self._witness.judge(now, self._aggregator.gaps.newest_slot(now))
        self._vitals.clock = state
        if state is ClockState.IMPLAUSIBLE:
            if self._lost_clock_at is None:
                self._lost_clock_at = time.monotonic()
                _log.error("the clock says %s, which cannot be: nothing is measured until it is set", now)
                self._clock_lost()
        elif self._lost_clock_at is not None:
            lost = timedelta(seconds=(time.monotonic() - self._lost_clock_at) * self._clock.speed)
            self._aggregator.gaps.lived_through(slot_of(now - lost), slot_of(now) - SLOT, "clock_unknown")
            self._lost_clock_at = None
        return state
