"""Reading one meter in a thread of its own: a head that hangs delays neither the slot nor other meters.

The thread is a daemon: a driver call that never returns must not keep the process alive.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from queue import SimpleQueue

from couch.clock import Clock
from couch.documents import Cause, utc
from edge.meter import MeterAnswer, MeterFailed, MeterPort

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HeadAnswer:
    """What a head gave: an answer with its time, or the cause of there being none."""

    meter: str
    answer: MeterAnswer | Cause
    at: datetime  # UTC, survey time
    monotonic_ms: int


class HeadThread:
    """Answers one question at a time. `open_port` is called here, and anew after a failure that the port does
    not know; what it raises here (a wrong configuration) goes to the caller.
    """

    def __init__(self, meter: str, open_port: Callable[[], MeterPort], clock: Clock) -> None:
        self.meter = meter
        self._open_port = open_port
        self._clock = clock
        self._port: MeterPort | None = open_port()
        self._busy = threading.Lock()
        self._questions: SimpleQueue[tuple[float, SimpleQueue[HeadAnswer]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"head-{meter[:8]}", daemon=True)
        self._thread.start()

    def ask(self, timeout_s: float, answers: SimpleQueue[HeadAnswer]) -> bool:
        """Read within `timeout_s` real seconds and put the answer into `answers`.

        False while an earlier question still hangs: nothing is asked then.
        """
        if not self._busy.acquire(blocking=False):
            return False
        self._questions.put((timeout_s, answers))
        return True

    def close(self) -> None:
        """Ends the thread once it is idle, and closes the port."""
        self._questions.put(None)

    def _run(self) -> None:
        while (question := self._questions.get()) is not None:
            timeout_s, answers = question
            answer = self._read(timeout_s)
            answers.put(HeadAnswer(self.meter, answer, utc(self._clock.now()), self._clock.monotonic_ms()))
            self._busy.release()
        self._close_port()

    def _read(self, timeout_s: float) -> MeterAnswer | Cause:
        try:
            if self._port is None:
                self._port = self._open_port()
            return self._port.read(timeout_s)
        except MeterFailed as err:
            _log.warning("a meter gave no reading (%s): %s", err.cause, err)
            return err.cause
        except Exception:  # noqa: BLE001 - a defect in a driver costs this slot of this meter, not the device
            _log.exception("reading a meter failed in a way nobody foresaw; its port is opened anew")
            self._close_port()
            return "meter_silent"

    def _close_port(self) -> None:
        if self._port is not None:
            try:
                self._port.close()
            except Exception:  # noqa: BLE001 - it is given up anyway
                _log.exception("closing a meter's port failed")
            self._port = None
