"""How the node and a worker talk over pipes: messages of several texts, each with its length before it.

A message is a count (4 bytes, big-endian), then for each part its length in bytes (4 bytes) and the bytes.
Nothing is parsed on the way: the texts go as they are into QuickJS and out of it.
"""

import struct
from collections.abc import Sequence
from typing import BinaryIO

HEAD = struct.Struct(">I")


def pack(parts: Sequence[bytes]) -> bytes:
    """One message of these parts."""
    pieces = [HEAD.pack(len(parts))]
    for part in parts:
        pieces += (HEAD.pack(len(part)), part)
    return b"".join(pieces)


def read(stream: BinaryIO) -> list[bytes] | None:
    """The next message, waiting for it; None where the stream ended (in the middle of one, too)."""
    count = _number(stream)
    if count is None:
        return None
    parts = []
    for _ in range(count):
        length = _number(stream)
        if length is None:
            return None
        part = stream.read(length)
        if len(part) < length:
            return None
        parts.append(part)
    return parts


def _number(stream: BinaryIO) -> int | None:
    head = stream.read(HEAD.size)
    return HEAD.unpack(head)[0] if len(head) == HEAD.size else None
