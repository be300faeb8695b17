"""What is in a capture: which protocol, and the telegrams it holds."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from couch.errors import Fault
from edge.sml_stream import START, SmlReader
from edge.telegrams import Telegram, TelegramReader
from edge.text_stream import TextReader

Protocol = Literal["sml", "text_d"]
PROTOCOLS: tuple[Protocol, ...] = ("sml", "text_d")
_CHUNK = 4096
_TEXT_LINE = re.compile(rb"\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3}\*\d{1,3}\(")
_LONGEST_MARK = 32  # bytes that a mark of either protocol takes at most


def reader_for(protocol: Protocol) -> TelegramReader:
    """A new stream reader of that protocol."""
    return SmlReader() if protocol == "sml" else TextReader()


def detect_protocol(data: bytes) -> Protocol | None:
    """The protocol that a piece of a capture shows; None where it shows neither."""
    if START in data:
        return "sml"
    return "text_d" if _TEXT_LINE.search(data) else None


class Capture:
    """A capture file, read in pieces: memory stays bounded however long it is."""

    def __init__(self, path: Path, protocol: Protocol | None = None) -> None:
        """Raises Fault where the file cannot be read, is empty, or shows no protocol."""
        self._path = path
        self.protocol: Protocol = protocol or self._detect()
        self._reader = reader_for(self.protocol)
        self.good = 0

    @property
    def bad(self) -> int:
        """Telegrams so far that were begun and then found broken."""
        return self._reader.bad

    @property
    def telegrams(self) -> int:
        """Telegrams so far, broken ones included."""
        return self.good + self.bad

    def __iter__(self) -> Iterator[Telegram]:
        """The good telegrams, in order. Raises Fault where the file cannot be read to its end."""
        for data in self._pieces():
            for telegram in self._reader.feed(data):
                self.good += 1
                yield telegram

    def _detect(self) -> Protocol:
        seen = b""
        for data in self._pieces():
            seen = seen[-_LONGEST_MARK:] + data
            found = detect_protocol(seen)
            if found is not None:
                return found
        if not seen:
            raise Fault(f"{self._path} is empty: nothing was captured; record a minute of the head's bytes")
        raise Fault(
            f"{self._path} holds no start of an SML telegram and no line of a text telegram: it is no "
            "capture of a meter, or of the wrong speed (SML 9600 8N1, text 9600 7E1); record it again"
        )

    def _pieces(self) -> Iterator[bytes]:
        try:
            with self._path.open("rb") as file:
                while data := file.read(_CHUNK):
                    yield data
        except OSError as err:
            raise Fault(
                f"{self._path} cannot be read: {err.strerror}; check the path and its permissions"
            ) from err
