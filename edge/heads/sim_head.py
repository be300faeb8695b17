"""The head on a simulated meter: real bytes with valid checksums, one telegram every few seconds."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Literal

from couch.clock import Clock
from edge.heads.head import HeadLost
from edge.heads.head_address import SimAddress
from edge.simulation.household import Household, HouseholdKind
from edge.simulation.mt175 import SimulatedMeter

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SimHead:
    """Telegrams come at fixed moments of survey time, so that a restart continues where another stopped."""

    def __init__(self, address: SimAddress, protocol: Literal["sml", "text_d"], clock: Clock) -> None:
        if address.fault == "unplugged":
            raise HeadLost("the simulated head is unplugged")
        self._address, self._clock = address, clock
        kind = HouseholdKind(address.seed, address.pv_kw, address.battery_kwh, address.load_kwh)
        self._meter = SimulatedMeter(
            Household(kind), address.meter, protocol, seed=address.seed, locked=bool(address.locked)
        )
        self._closed = threading.Event()
        self._next = self._tick() + address.interval_s

    def read(self, timeout_s: float) -> bytes:
        if self._next > self._tick() + self._address.interval_s:
            self.flush()  # the clock was set back
        wait = self._clock.real_seconds_until(_EPOCH + timedelta(seconds=self._next))
        if wait > timeout_s or self._address.fault == "silent":
            self._closed.wait(timeout_s)
            return b""
        self._closed.wait(wait)
        tick = max(self._tick(), self._next)
        self._next = tick + self._address.interval_s
        telegram = self._meter.telegram(tick)
        return _with_wrong_byte(telegram) if self._address.fault == "checksum" else telegram

    def flush(self) -> None:
        self._next = self._tick() + self._address.interval_s

    def close(self) -> None:
        self._closed.set()

    def _tick(self) -> int:
        """The last moment at which a telegram was due, in seconds since 1970."""
        now = int((self._clock.now() - _EPOCH).total_seconds())
        return now - now % self._address.interval_s


def _with_wrong_byte(telegram: bytes) -> bytes:
    middle = len(telegram) // 2
    return telegram[:middle] + bytes((telegram[middle] ^ 0x01,)) + telegram[middle + 1 :]
