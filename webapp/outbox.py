"""What a library writes into a file, handed on piece by piece: answers are streamed, never held whole."""

import io


class Outbox(io.RawIOBase):
    """What was written since it was last emptied; it cannot be sought in, as an answer cannot."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]  # any buffer, as RawIOBase takes
        self._waiting += view
        return view.nbytes

    def take(self, least: int = 0) -> bytes:
        """What waits, when it is at least `least` bytes."""
        if len(self._waiting) < least:
            return b""
        taken, self._waiting = bytes(self._waiting), bytearray()
        return taken
