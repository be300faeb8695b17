"""JSON texts on the way to and from design functions: cut into pieces, mended where JavaScript was lax."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

_PIECE = 4_000_000  # bytes handed over at once: bounds a worker's memory, thousands of our documents
_LONE = re.compile("[\ud800-\udfff]")


def pieces(array: bytes, limit: int = _PIECE) -> Iterator[bytes]:
    """Cut the JSON text of an array into arrays of at most `limit` bytes (one element at least)."""
    if len(array) <= limit:
        yield array
        return
    size, piece = 0, list[bytes]()
    for element in elements(array):
        if piece and size + len(element) > limit:
            yield b"[" + b",".join(piece) + b"]"
            size, piece = 0, []
        piece.append(element)
        size += len(element)
    yield b"[" + b",".join(piece) + b"]"


def elements(array: bytes) -> list[bytes]:
    """The elements of a JSON array, each as it stands there."""
    return [bytes(raw) for raw in msgspec.json.decode(array, type=list[msgspec.Raw])]


def well_formed(text: bytes) -> bytes:
    """The same JSON with U+FFFD for each half of a surrogate pair that stands alone, as CouchDB does.

    JavaScript cuts texts between the halves; JSON.stringify escapes what is left, and nothing else, so.
    """
    if b"\\ud" not in text:
        return text
    return msgspec.json.encode(_without_lone_surrogates(json.loads(text)))


def _without_lone_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_lone_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_lone_surrogates(k): _without_lone_surrogates(v) for k, v in value.items()}
    return value
