"""JSON texts on the way to and from design functions: cut into pieces, read leniently."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

_PIECE = 4_000_000  # characters handed over at once: bounds a worker's memory, thousands of our documents


def pieces(array: str, limit: int = _PIECE) -> Iterator[str]:
    """Cut the JSON text of an array into arrays of at most `limit` characters (one element at least)."""
    if len(array) <= limit:
        yield array
        return
    size, piece = 0, list[str]()
    for raw in decode_lenient(array.encode("utf-8", "surrogatepass"), list[msgspec.Raw]):
        text = bytes(raw).decode("utf-8", "surrogatepass")
        if piece and size + len(text) > limit:
            yield f"[{','.join(piece)}]"
            size, piece = 0, []
        piece.append(text)
        size += len(text)
    yield f"[{','.join(piece)}]"


def decode_lenient(text: bytes, kind: Any) -> Any:
    """Decode JSON into `kind`, with U+FFFD for each half of a surrogate pair that stands alone.

    JavaScript cuts strings between the halves and escapes what is left; CouchDB replaces it so, too.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError:
        repaired = _without_lone_surrogates(json.loads(text.decode("utf-8", "replace")))
        return msgspec.json.decode(msgspec.json.encode(repaired), type=kind)


_LONE = re.compile("[\ud800-\udfff]")


def _without_lone_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE.sub("�", value)
    if isinstance(value, list):
        return [_without_lone_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_lone_surrogates(k): _without_lone_surrogates(v) for k, v in value.items()}
    return value
