"""Whether the device's clock may date a measurement (design sections 11.13 and 12).

A Raspberry Pi without a battery-backed clock boots in 1970 or at its last shutdown. Sources: adjtimex(2),
whose state TIME_ERROR says that the kernel's clock is not synchronized, and the file that
systemd-timesyncd(8) touches at each synchronization.
"""

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

_TIMESYNC = Path("/run/systemd/timesync/synchronized")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_TIME_ERROR = 5  # timex.h: the clock is not synchronized
_TIMEX_BYTES = 512  # struct timex has 208 on 64-bit Linux; all zero means "only tell"

RELEASED = datetime(2026, 11, 1, tzinfo=UTC)
"""No earlier moment can be now: this release did not exist. Moved on with every release."""


class ClockState(StrEnum):
    """`SYNCHRONIZED` and `UNSYNCHRONIZED` may date a measurement, and say so in it; `IMPLAUSIBLE` may not."""

    SYNCHRONIZED = "synchronized"
    UNSYNCHRONIZED = "unsynchronized"
    IMPLAUSIBLE = "implausible"


@dataclass(frozen=True, slots=True)
class ClockWitness:
    """What is known about the clock besides what it says.

    `virtual`: SURVEY_CLOCK is set, so it counts as synchronized and any date is plausible.
    """

    virtual: bool
    released: datetime = RELEASED
    timesync: Path = _TIMESYNC

    def judge(self, now: datetime, newest_slot: datetime | None) -> ClockState:
        """`newest_slot`: the newest slot accounted for on this device, None where there is none."""
        if newest_slot is not None and now < newest_slot:
            return ClockState.IMPLAUSIBLE
        if self.virtual:
            return ClockState.SYNCHRONIZED
        if now < self.released:
            return ClockState.IMPLAUSIBLE
        if self.timesync.exists() or kernel_synchronized():
            return ClockState.SYNCHRONIZED
        return ClockState.UNSYNCHRONIZED


def witness_from_environment(environ: Mapping[str, str]) -> ClockWitness:
    """The witness for this process; with SURVEY_CLOCK set, time is virtual."""
    return ClockWitness(virtual=bool(environ.get("SURVEY_CLOCK")))


def kernel_synchronized() -> bool:
    """What adjtimex(2) says; False where it cannot be asked."""
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    try:
        state: int = ctypes.CDLL(None).adjtimex(buffer)
    except (AttributeError, OSError):
        return False
    return 0 <= state < _TIME_ERROR


def boot_id() -> str | None:
    """The kernel's random id of this boot: monotonic stamps compare within one. None where there is none."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return None
