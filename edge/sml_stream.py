"""SML telegrams out of a stream of bytes that loses some of them.

smllib finds and checks the frames; added here is what its reader lacks on real lines: a telegram that was
cut by the start of the next does not cost the next, and a stream without an end does not fill the memory.
"""

from smllib.errors import CrcError
from smllib.reader import SmlStreamReader
from smllib.sml_frame import SmlFrame

from edge.sml_entries import telegram_of
from edge.telegrams import Telegram

START = b"\x1b\x1b\x1b\x1b\x01\x01\x01\x01"
MAX_TELEGRAM = 8 * 1024  # bytes; the longest seen on a meter has about 700
_PIECE = 1024  # smllib's reader keeps only the end of what it is given at once
_AFTER_END = 3  # bytes behind the end mark: padding and checksum
_CANDIDATES = 8


class SmlReader:
    """Reads the telegrams of one head. `bad`: telegrams begun and then found broken."""

    def __init__(self) -> None:
        self.bad = 0
        self._stream = SmlStreamReader()
        # Holley DTZ541 of older firmware: another polynomial, same frame
        self._kermit = SmlStreamReader(crc="kermit")

    def feed(self, data: bytes) -> list[Telegram]:
        """The good telegrams that `data` completes."""
        telegrams: list[Telegram] = []
        for begin in range(0, len(data), _PIECE):
            self._stream.add(data[begin : begin + _PIECE])
            while (frame := self._next_frame()) is not None:
                telegrams.append(telegram_of(frame))
            self._trim()
        return telegrams

    def clear(self) -> None:
        """Forget the beginning of an unfinished telegram."""
        self._stream.clear()

    def in_telegram(self) -> bool:
        """Whether a telegram has begun and not ended."""
        return self._stream.bytes.startswith(START)

    def _next_frame(self) -> SmlFrame | None:
        while True:
            try:
                frame = self._stream.get_frame()
            except CrcError as err:
                frame = self._with_other_checksum(err.msg)
                if frame is None:
                    self._put_back(err.msg, err.crc_msg)
                    continue
            if frame is None or len(frame.bytes) <= MAX_TELEGRAM:
                return frame
            self.bad += 1

    def _with_other_checksum(self, message: bytes) -> SmlFrame | None:
        self._kermit.clear()
        self._kermit.add(message)
        try:
            return self._kermit.get_frame()
        except CrcError:
            return None

    def _put_back(self, broken: bytes, checksum: int) -> None:
        """Read on from the start inside the broken bytes whose telegram is whole, if there is one.

        The newest start first: older ones are of telegrams that were cut. One that stands in the payload
        (escaped, so preceded by an escape) is no start; its checksum does not hold.
        """
        self.bad += 1
        begin, tried = broken.rfind(START), 0
        while begin > 0 and tried < _CANDIDATES:
            if self._stream.crc_func(broken[begin:-2]) == checksum:
                self._continue_with(broken[begin:])
                return
            begin, tried = broken.rfind(START, 0, begin + len(START) - 1), tried + 1
        if tried:
            self.bad += 1  # both the telegram that was cut and the one that cut it
        # where bytes behind the end mark were lost, these belong to the next start
        self._continue_with(broken[-_AFTER_END:])

    def _continue_with(self, data: bytes) -> None:
        rest = self._stream.bytes
        self._stream.clear()
        self._stream.add(data + rest)

    def _trim(self) -> None:
        held = self._stream.bytes
        if not held.startswith(START):
            keep = held[-(len(START) - 1) :]
        elif len(held) > MAX_TELEGRAM:
            self.bad += 1
            newest = held.rfind(START)
            keep = held[newest:] if newest > 0 else held[-(len(START) - 1) :]
        else:
            return
        self._stream.clear()
        self._stream.add(keep)
