"""An SML frame becomes a telegram, entry by entry: what is odd about one entry costs no other.

smllib's own `parse_frame` raises for the whole telegram at the first value it does not expect, so only its
reading of single elements (`SmlFrame.get_value`) is used here. Structure: BSI TR-03109-1 appendix IV,
"Smart Message Language" 1.04.
"""

from dataclasses import dataclass, field
from typing import Any

from smllib.const import UNITS
from smllib.errors import SmlLibException
from smllib.sml.sml_eom import EndOfSmlMsg
from smllib.sml_frame import SmlFrame

from edge.dzg_power import corrected, has_defect
from edge.meter_number import meter_number
from edge.obis_codes import DEVICE_NUMBERS, SERVER_ID
from edge.telegrams import DZG_POWER_UNSIGNED, Entry, Telegram

_OPEN_RESPONSE = 0x0101
_LIST_RESPONSE = 0x0701
_ENTRY_START = b"\x77\x07"  # a list of seven whose first element is an octet string of six bytes: a code
_MAX_DEPTH = 8  # nesting of real telegrams is 6
_LONGEST_NUMBER = 9  # bytes, type included
_MAX_SCALER = 24
_UNREADABLE = (SmlLibException, ValueError, IndexError)


@dataclass(slots=True)
class _Element:
    """One element of the tree: `value` is None, int, bool, hex string, or a list of elements."""

    value: Any
    raw: bytes


@dataclass(slots=True)
class _Found:
    opened_by: str | None = None
    server_id: str | None = None
    seconds: int | None = None
    entries: list[Entry] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)


def telegram_of(frame: SmlFrame) -> Telegram:
    """Everything that can be read of a frame whose checksum holds; never raises for its content."""
    found = _Found()
    position = 0
    try:
        while position < frame.buf_len:
            if frame.buffer[position] == 0:  # some meters pad between messages
                position += 1
                continue
            message = _element(frame, position)
            position = frame.next_pos
            _take_message(message, found)
    except _UNREADABLE:
        _scan(frame, found)
    return _telegram(found)


def _telegram(found: _Found) -> Telegram:
    own = (e.value for e in found.entries if e.obis in (*DEVICE_NUMBERS, SERVER_ID))
    named = next((value for value in own if isinstance(value, str)), None)
    server_id = found.server_id or found.opened_by or named
    entries, marks = found.entries, []
    if server_id is not None and has_defect(server_id):
        entries = [corrected(entry) for entry in found.entries]
        if entries != found.entries:
            marks.append(DZG_POWER_UNSIGNED)
    number = None if server_id is None else meter_number(server_id)
    return Telegram(
        server_id=server_id,
        meter_id=None if number is None else str(number),
        entries=tuple(entries),
        meter_seconds=found.seconds,
        odd=tuple(found.odd),
        marks=tuple(marks),
    )


def _element(frame: SmlFrame, position: int, depth: int = 0) -> _Element:
    """The element at `position` with all below it; `frame.next_pos` is behind it then.

    Raises one of _UNREADABLE.
    """
    if depth > _MAX_DEPTH:
        raise ValueError("lists are nested deeper than in any telegram")
    _refuse_long_list(frame, position)
    value = frame.get_value(position).value
    length = frame.next_pos - position
    if length <= 0:
        raise ValueError("an element of no length")
    if isinstance(value, int) and length > _LONGEST_NUMBER:
        raise ValueError("a number longer than SML has: its length swallowed what follows")
    if isinstance(value, list):
        value = [_element(frame, frame.next_pos, depth + 1) for _ in value]
    return _Element(value, frame.bytes[position : frame.next_pos])


def _refuse_long_list(frame: SmlFrame, position: int) -> None:
    """A list cannot have more elements than bytes follow: smllib would make room for them first."""
    first = frame.buffer[position]
    if first & 0xF0 != 0xF0:
        return
    size, more, at = first & 0x0F, True, position
    while more and size <= frame.buf_len:
        at += 1
        size = size << 4 | frame.buffer[at] & 0x0F
        more = bool(frame.buffer[at] & 0x80)
    if size > frame.buf_len - at:
        raise ValueError("a list longer than its frame")


def _take_message(message: _Element, found: _Found) -> None:
    body = _items(message, 4)[3]
    tag, content = _items(body, 2)[:2]
    if tag.value == _OPEN_RESPONSE:
        found.opened_by = _text(_items(content, 4)[3]) or found.opened_by
    elif tag.value == _LIST_RESPONSE:
        items = _items(content, 5)
        found.server_id = _text(items[1]) or found.server_id
        found.seconds = _seconds(items[3])
        for element in _items(items[4], 0):
            _take_entry(element, found)


def _take_entry(element: _Element, found: _Found) -> None:
    code = ""
    try:
        items = _items(element, 6)
        code = _code(items[0])
        found.entries.append(_entry(code, unit=items[3].value, scaler=items[4].value, value=items[5]))
    except ValueError:
        found.odd.append(code)


def _entry(code: str, *, unit: Any, scaler: Any, value: _Element) -> Entry:
    content = value.value
    if isinstance(content, list):
        content = _seconds(value)  # SML_Time, the only list that a value can be
    if content is None or content is EndOfSmlMsg:
        raise ValueError("an entry without a value")
    if isinstance(content, str):
        return Entry(code, content, None, None, value.raw)  # some meters send scaler 0 and unit 0 with it
    if not _is_number(unit) or not _is_number(scaler) or abs(scaler or 0) > _MAX_SCALER:
        raise ValueError("a unit or a scaler that is none")
    return Entry(code, content, scaler, UNITS.get(unit), value.raw)


def _scan(frame: SmlFrame, found: _Found) -> None:
    """Read the entries one by one where the structure around them cannot be followed."""
    found.entries.clear()
    found.odd.clear()
    position = frame.bytes.find(_ENTRY_START)
    while position != -1:
        following = position + 1
        try:
            element = _element(frame, position)
            if _ENTRY_START in element.raw[1:]:
                raise ValueError("an entry that swallowed the next")
            following = frame.next_pos
            _take_entry(element, found)
        except _UNREADABLE:
            found.odd.append(frame.bytes[position + 2 : position + 8].hex())
        position = frame.bytes.find(_ENTRY_START, following)


def _items(element: _Element, at_least: int) -> list[_Element]:
    if not isinstance(element.value, list) or len(element.value) < at_least:
        raise ValueError("a list was expected")
    return element.value


def _text(element: _Element) -> str | None:
    return element.value if isinstance(element.value, str) and element.value else None


def _code(element: _Element) -> str:
    if not isinstance(element.value, str) or len(element.value) != 12:
        raise ValueError("an entry without a code")
    return element.value


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _seconds(element: _Element) -> int | None:
    """The seconds index of an SML_Time: choice 1, or (DZG, Holley) the bare number. Dates are None."""
    value = element.value
    if isinstance(value, list) and len(value) == 2 and value[0].value == 1:
        value = value[1].value
    return value if isinstance(value, int) and not isinstance(value, bool) else None
