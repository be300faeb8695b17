"""A capture that is sent again, as fast as a meter sends it over its serial line."""

import threading
import time

from couch.clock import Clock
from edge.heads.head import HeadLost
from edge.heads.head_address import ReplayAddress

_BYTES_A_SECOND = 960  # 9600 baud, ten bits a byte; survey time
_CHUNK = 1024
_SOON = 32  # bytes that a waiting reader waits for


class ReplayHead:
    """Raises HeadLost where the capture cannot be read or is empty."""

    def __init__(self, address: ReplayAddress, clock: Clock) -> None:
        self._path, self._loop, self._speed = address.path, bool(address.loop), clock.speed
        try:
            self._file = open(address.path, "rb")  # noqa: SIM115 - closed by close()
        except OSError as err:
            raise HeadLost(f"the capture {address.path} cannot be read: {err.strerror}") from err
        self._size = self._file.seek(0, 2)
        if not self._size:
            self._file.close()
            raise HeadLost(f"the capture {address.path} is empty")
        self._began = time.monotonic()
        self._sent = 0  # bytes, counted through all repetitions
        self._closed = threading.Event()

    def read(self, timeout_s: float) -> bytes:
        deadline = time.monotonic() + timeout_s
        while not self._closed.is_set():
            due = self._due() - self._sent
            if due > 0:
                return self._take(min(due, _CHUNK))
            left = deadline - time.monotonic()
            if left <= 0:
                break
            over = not self._loop and self._sent >= self._size
            self._closed.wait(left if over else min(left, self._seconds_for(self._sent + _SOON)))
        return b""

    def flush(self) -> None:
        self._sent = max(self._sent, self._due())

    def close(self) -> None:
        self._closed.set()
        self._file.close()

    def _due(self) -> int:
        """Bytes that a meter would have sent by now."""
        due = int((time.monotonic() - self._began) * self._speed * _BYTES_A_SECOND)
        return due if self._loop else min(due, self._size)

    def _seconds_for(self, count: int) -> float:
        """Real seconds until the byte of that number is due."""
        return max(0.0, self._began + count / (self._speed * _BYTES_A_SECOND) - time.monotonic())

    def _take(self, count: int) -> bytes:
        try:
            at = self._file.seek(self._sent % self._size)
            data = self._file.read(min(count, self._size - at))
        except (OSError, ValueError) as err:
            raise HeadLost(f"the capture {self._path} was lost: {err}") from err
        if not data:
            raise HeadLost(f"the capture {self._path} became shorter while it was read")
        self._sent += len(data)
        return data
