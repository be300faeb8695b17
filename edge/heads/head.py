"""What every head is to its reader: a source of bytes."""

from typing import Protocol


class HeadLost(Exception):  # noqa: N818 - named for what happened
    """The port is gone or was never there: close it and open it anew, with back-off."""


class Head(Protocol):
    """An open head. Times are real seconds."""

    def read(self, timeout_s: float) -> bytes:
        """What has come, waiting for the first byte; b"" when none came in time. Raises HeadLost."""

    def flush(self) -> None:
        """Forget what came and was not read. Raises HeadLost."""

    def close(self) -> None:
        """Give the port back; a read that waits ends soon."""
