"""The one source of time, passed to everything that dates or waits (design section 3).

Slots and document times follow this clock; time-outs, TLS, JWT and back-off use real time.
"""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from couch.errors import Fault

SLOT = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """An affine map from the wall clock to survey time: `epoch + (wall - wall0) * speed`.

    The identity map (`Clock()`) is real time. All instants are aware UTC.
    """

    epoch: float = 0.0  # seconds since 1970 that wall0 stands for
    wall0: float = 0.0  # seconds since 1970 on the wall clock
    speed: float = 1.0  # survey seconds in a wall second

    def now(self) -> datetime:
        """Survey time now, UTC."""
        return _EPOCH + timedelta(seconds=self.epoch + (time.time() - self.wall0) * self.speed)

    def monotonic_ms(self) -> int:
        """Milliseconds of real time since the machine booted; never steps back."""
        return time.monotonic_ns() // 1_000_000

    def real_seconds_until(self, moment: datetime) -> float:
        """How long to wait, in real seconds, until survey time `moment`; 0 when it has passed."""
        return max(0.0, (moment - self.now()).total_seconds() / self.speed)

    def sleep_until(self, moment: datetime, stop: threading.Event) -> bool:
        """Wait until survey time `moment` or until `stop` is set; True when stopped.

        Wakes at least every 30 real seconds, since a wall clock that is set while we wait moves the end.
        """
        while not stop.is_set():
            left = self.real_seconds_until(moment)
            if left <= 0:
                return False
            stop.wait(min(left, 30.0))
        return True


def clock_from_environment(environ: Mapping[str, str] = os.environ) -> Clock:
    """The clock that `SURVEY_CLOCK=epoch,wall0,speed` describes, else real time.

    Raises Fault when the variable is malformed.
    """
    text = environ.get("SURVEY_CLOCK", "")
    if not text:
        return Clock()
    try:
        epoch, wall0, speed = (float(part) for part in text.split(","))
    except ValueError:
        raise Fault(
            f"SURVEY_CLOCK is {text!r}: it takes three numbers, epoch,wall0,speed, "
            "for example 1751328000,1751300000,900"
        ) from None
    if speed <= 0:
        raise Fault(f"SURVEY_CLOCK has the speed {speed}: it must be above 0")
    return Clock(epoch, wall0, speed)


def slot_of(moment: datetime) -> datetime:
    """The start of the 15-minute slot (UTC, aligned to the hour) that `moment` lies in."""
    seconds = int((moment - _EPOCH).total_seconds())
    return _EPOCH + timedelta(seconds=seconds - seconds % int(SLOT.total_seconds()))


def to_rfc3339(moment: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`; fractions of a second are cut."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_rfc3339(text: str) -> datetime:
    """The inverse of `to_rfc3339`. Raises ValueError for every other form."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
