"""Writes SML telegrams as a meter does: for the simulated meters, and for tests without captures.

Structure as in edge/sml_entries.py; transport version 1 (escape sequences, padding, CRC-16/X-25).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from smllib.const import UNITS
from smllib.crc.x25 import get_crc

from edge.sml_stream import START

_ESCAPE = b"\x1b\x1b\x1b\x1b"
_ABSENT = b"\x01"
_END_OF_MESSAGE = b"\x00"
_LIST_NAME = bytes.fromhex("0100620affff")
_UNIT_NUMBERS = {name: number for number, name in reversed(UNITS.items())}


@dataclass(frozen=True, slots=True)
class SentEntry:
    """An entry to send. `value`: None for none at all; `raw` bytes replace the element of the value."""

    obis: str
    value: int | bool | bytes | None
    scaler: int | None = None
    unit: str | None = None
    status: int | None = None
    raw: bytes | None = None


def encode_telegram(
    server_id: bytes, entries: Sequence[SentEntry], *, seconds: int, transaction: int = 0
) -> bytes:
    """A telegram with the messages open, list, close; `seconds` is the meter's seconds index."""
    number = transaction & 0xFFFF_FFFF
    file_id = octets(number.to_bytes(4, "big"))
    time = sequence([unsigned(1), unsigned(seconds, 4)])
    opened = sequence([_ABSENT, _ABSENT, file_id, octets(server_id), time, _ABSENT])
    listed = sequence(
        [
            _ABSENT,
            octets(server_id),
            octets(_LIST_NAME),
            time,
            sequence([_entry(entry) for entry in entries]),
            _ABSENT,
            _ABSENT,
        ]
    )
    closed = sequence([_ABSENT])
    bodies = ((0x0101, opened), (0x0701, listed), (0x0201, closed))
    return transport(b"".join(_message(number + at, tag, body) for at, (tag, body) in enumerate(bodies)))


def transport(messages: bytes) -> bytes:
    """Messages between start and end sequence, escaped, padded to four bytes, with the checksum."""
    body = messages.replace(_ESCAPE, 2 * _ESCAPE)
    padding = -len(body) % 4
    unsigned_part = START + body + bytes(padding) + _ESCAPE + bytes((0x1A, padding))
    return unsigned_part + get_crc(unsigned_part).to_bytes(2, "big")


def sequence(elements: Sequence[bytes]) -> bytes:
    """A list of encoded elements."""
    return _type_length(0x70, len(elements)) + b"".join(elements)


def octets(data: bytes) -> bytes:
    """An octet string. Its length counts the bytes of the length too."""
    short = len(data) + 1
    return (_type_length(0x00, short) if short <= 0xF else _type_length(0x00, len(data) + 2)) + data


def signed(value: int) -> bytes:
    """A signed number in 1, 2, 4 or 8 bytes."""
    width = next(n for n in (1, 2, 4, 8) if -(1 << 8 * n - 1) <= value < 1 << 8 * n - 1)
    return bytes((0x50 | width + 1,)) + value.to_bytes(width, "big", signed=True)


def unsigned(value: int, width: int = 1) -> bytes:
    """An unsigned number in `width` bytes, at most 14."""
    return bytes((0x60 | width + 1,)) + value.to_bytes(width, "big")


def _type_length(kind: int, length: int) -> bytes:
    if length <= 0xF:
        return bytes((kind | length,))
    return bytes((0x80 | kind | length >> 4 & 0xF, length & 0xF))


def _message(number: int, tag: int, body: bytes) -> bytes:
    transaction = octets((number & 0xFFFF_FFFF).to_bytes(4, "big"))
    content = sequence([unsigned(tag, 2), body])
    elements = [transaction, unsigned(0), unsigned(0), content]
    checked = _type_length(0x70, 6) + b"".join(elements)
    return checked + unsigned(get_crc(checked), 2) + _END_OF_MESSAGE


def _entry(entry: SentEntry) -> bytes:
    value = entry.raw if entry.raw is not None else _value(entry.value)
    return sequence(
        [
            octets(bytes.fromhex(entry.obis)),
            _ABSENT if entry.status is None else unsigned(entry.status, 4),
            _ABSENT,
            _ABSENT if entry.unit is None else unsigned(_UNIT_NUMBERS[entry.unit]),
            _ABSENT if entry.scaler is None else signed(entry.scaler),
            value,
            _ABSENT,
        ]
    )


def _value(value: int | bool | bytes | None) -> bytes:
    if value is None:
        return _ABSENT
    if isinstance(value, bool):
        return bytes((0x42, value))
    return octets(value) if isinstance(value, bytes) else signed(value)
