"""CouchDB's order of JSON values, as bytes: SQLite and Python compare them with memcmp.

null < false < true < numbers < texts < arrays < objects; texts by ICU's root collation (`ucol_open("")`, as
CouchDB opens it), arrays element by element, objects member by member in their stored order, a prefix before
what it begins. Values that CouchDB holds equal (1 and 1.0; texts that differ in ignorable characters only)
have equal keys. Source: couch_ejson_compare.erl of CouchDB 3.5, checked against recorded orders.
"""

import math
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import icu

_END = b"\x00"  # of an array or object: below every tag, so that a prefix sorts first
HIGHEST = b"\xff"  # above every key

_DOUBLE = struct.Struct(">d")
_BITS = struct.Struct(">Q")
_SIGN = 1 << 63
_ALL_BITS = (1 << 64) - 1

_collator = icu.Collator.createInstance(icu.Locale(""))


def collation_key(value: Any) -> bytes:
    """The place of a decoded JSON value in the order of views."""
    pieces: list[bytes] = []
    _write(value, _COLLATED, pieces.append)
    return b"".join(pieces)


def raw_key(value: Any) -> bytes:
    """The place of a decoded JSON value in Erlang's order of terms (views with `"collation": "raw"`).

    numbers < false < null < true < objects < arrays < texts by their bytes.
    """
    pieces: list[bytes] = []
    _write(value, _RAW, pieces.append)
    return b"".join(pieces)


class _Order(NamedTuple):
    """What the two orders differ in: the byte that stands before each kind of value, and texts."""

    null: bytes
    false: bytes
    true: bytes
    number: bytes
    text: bytes
    array: bytes
    object: bytes
    text_key: Callable[[str], bytes]


def _write(value: Any, order: _Order, put: Callable[[bytes], None]) -> None:
    if isinstance(value, str):
        put(order.text)
        put(order.text_key(value))
    elif value is None:
        put(order.null)
    elif value is True or value is False:
        put(order.true if value else order.false)
    elif isinstance(value, int | float):
        put(order.number)
        put(_number_key(value))
    elif isinstance(value, list | tuple):
        put(order.array)
        for item in value:
            _write(item, order, put)
        put(_END)
    else:
        put(order.object)
        for name, member in value.items():
            _write(name, order, put)
            _write(member, order, put)
        put(_END)


@lru_cache(maxsize=4096)  # keys repeat a lot: meters, years, names of members
def _text_key(text: str) -> bytes:
    """ICU's sort key; its only zero byte is the last, so keys can follow each other."""
    key: bytes = _collator.getSortKey(text)
    return key


def _number_key(number: float) -> bytes:
    """Eight bytes that sort as the numbers do. JavaScript's numbers are doubles, so no more is needed."""
    try:
        double = float(number)
    except OverflowError:
        double = math.inf if number > 0 else -math.inf
    (bits,) = _BITS.unpack(_DOUBLE.pack(double + 0.0))  # + 0.0 makes -0.0 the 0.0 that it equals
    return _BITS.pack(bits ^ _ALL_BITS if bits & _SIGN else bits | _SIGN)


def _bytes_key(text: str) -> bytes:
    return text.encode("utf-8", "replace").replace(b"\x00", b"\x00\xff") + b"\x00\x00"


_COLLATED = _Order(b"\x10", b"\x20", b"\x30", b"\x40", b"\x50", b"\x60", b"\x70", _text_key)
_RAW = _Order(b"\x30", b"\x20", b"\x40", b"\x10", b"\x70", b"\x60", b"\x50", _bytes_key)
