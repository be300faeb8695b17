"""Text telegrams (IEC 62056-21 mode D) out of a stream of bytes: from `/` to `!`.

A telegram without its `!` or with a second `/` inside is none; the second `/` begins the next one. A
number that lost a digit still looks like one, so a number is taken in the width it had before, or had twice
in a row. Meters: eBZ DD3 (ODZ1), EasyMeter Q3D.
"""

import re

from edge.obis_codes import DEVICE_NUMBERS, METER_NUMBER, SECONDS_OF_OPERATION
from edge.telegrams import Entry, Telegram
from edge.text_lines import entry_of

_IDENTIFICATION = re.compile(rb"/[A-Z]{2}[A-Za-z][0-9A-Za-z][ -.0-~]{0,32}")
_MAX_LINE = 128  # bytes; the longest seen has 44
_MAX_LINES = 128
_MAX_WIDTHS = 256
_HEX = re.compile(r"[0-9A-Fa-f]{1,8}", re.ASCII)


class TextReader:
    """Reads the telegrams of one head. `bad`: telegrams begun and then found broken."""

    def __init__(self) -> None:
        self.bad = 0
        self._line = bytearray()
        self._lines: list[bytes] | None = None  # of the telegram that has begun, identification first
        self._widths: dict[str, tuple[int, int]] = {}  # by code: the width taken, and the one seen last

    def feed(self, data: bytes) -> list[Telegram]:
        """The good telegrams that `data` completes."""
        telegrams = []
        for part in re.findall(rb"[^/!\n]+|[/!\n]", data):
            telegram = self._take(part)
            if telegram is not None:
                telegrams.append(telegram)
        return telegrams

    def clear(self) -> None:
        """Forget the beginning of an unfinished telegram."""
        self._line.clear()
        self._lines = None

    def in_telegram(self) -> bool:
        """Whether a telegram has begun and not ended."""
        return self._lines is not None or self._line.startswith(b"/")

    def _take(self, part: bytes) -> Telegram | None:
        if part == b"/":
            self._drop()
            self._line += part
        elif part == b"\n":
            self._end_line()
        elif part == b"!" and not self._line:
            return self._end_telegram()
        elif len(self._line) <= _MAX_LINE:
            self._line += part[: _MAX_LINE + 1]  # one too long stays too long, and matches nothing
        return None

    def _drop(self) -> None:
        if self.in_telegram():
            self.bad += 1
        self.clear()

    def _end_line(self) -> None:
        line = bytes(self._line).removesuffix(b"\r")
        self._line.clear()
        if line.startswith(b"/"):
            self._lines = [line] if _IDENTIFICATION.fullmatch(line) else None
        elif self._lines is not None and line:
            self._lines.append(line)
            if len(self._lines) > _MAX_LINES:
                self._drop()

    def _end_telegram(self) -> Telegram | None:
        lines = self._lines
        if lines is None:
            return None
        self.clear()
        telegram = _telegram([self._in_its_width(entry_of(line)) for line in lines[1:]])
        if telegram is None:
            self.bad += 1
        return telegram

    def _in_its_width(self, entry: Entry | None) -> Entry | None:
        if entry is None or entry.unit is None:
            return entry
        width = len(entry.sent) - sum(sign in entry.sent for sign in (b"(-", b"(+"))
        taken, seen = self._widths.get(entry.obis, (width, width))
        fits = width in (taken, seen)
        if len(self._widths) >= _MAX_WIDTHS:
            self._widths.clear()
        self._widths[entry.obis] = (width if fits else taken, width)
        return entry if fits else None


def _telegram(lines: list[Entry | None]) -> Telegram | None:
    """None where no line is an entry, or a code comes twice: then two telegrams ran into one."""
    entries: dict[str, Entry] = {}
    odd = 0
    for entry in lines:
        if entry is None:
            odd += 1
        elif entry.obis in entries:
            return None
        else:
            entries[entry.obis] = entry
    if not entries:
        return None
    seconds = _text(entries, SECONDS_OF_OPERATION)
    return Telegram(
        server_id=next((text for code in DEVICE_NUMBERS if (text := _text(entries, code))), None),
        meter_id=_text(entries, METER_NUMBER),
        entries=tuple(entries.values()),
        meter_seconds=int(seconds, 16) if seconds is not None and _HEX.fullmatch(seconds) else None,
        odd=("",) * odd,
    )


def _text(entries: dict[str, Entry], code: str) -> str | None:
    entry = entries.get(code)
    return entry.value if entry is not None and isinstance(entry.value, str) else None
