"""A value as the bytes that may lie in a file: in text, JSON, Erlang's and SQLite's forms, disguised.

Sources: Erlang's external term format (version 131; CouchDB stores documents and rows of views in it, as
`[{minor_version, 1}]` and without compression), RFC 8259 (escapes), SQLite's record format (texts as UTF-8,
reals as big-endian IEEE 754 doubles), RFC 4648 (base64), RFC 3986 (percent).
"""

import base64
import html
import json
import struct
import unicodedata
from collections.abc import Iterator, Sequence
from urllib.parse import quote, quote_plus

from couch.node.collation import collation_key

_PIECE = 48  # bytes of a long text that are looked for by themselves
_LONG = 96  # longer ones are cut: SQLite spreads what does not fit on a page
_SHORTEST_BASE64 = 9  # bytes; of a shorter one too little is the same at each of the three alignments
_PAIR = b"h\x02m"  # a tuple of two, the first a binary
_SMALL, _INTEGER = 255, 2**31

Run = Sequence[tuple[str, str | float]]


def forms_of(value: str | float) -> frozenset[bytes]:
    """Every form in which a value that stands alone is looked for."""
    found = _text_forms(value) if isinstance(value, str) else _number_forms(value)
    return frozenset(form for form in found if form)


def forms_of_run(run: Run) -> frozenset[bytes]:
    """Neighbouring members of an object: JSON, dense or spaced, escaped or not, and Erlang's form."""
    texts = (
        separator.join(
            f"{json.dumps(key, ensure_ascii=ascii_only)}{colon}{json.dumps(value, ensure_ascii=ascii_only)}"
            for key, value in run
        )
        for separator, colon in ((",", ":"), (", ", ": "))
        for ascii_only in (False, True)
    )
    return frozenset({*(text.encode() for text in texts), _erlang_run(run)})


def _text_forms(text: str) -> Iterator[bytes]:
    for written in {text, unicodedata.normalize("NFD", text), text.lower(), text.upper()}:
        plain = written.encode()
        if len(plain) > _LONG:
            for start in (*range(0, len(plain) - _PIECE, _PIECE), len(plain) - _PIECE):
                piece = plain[start : start + _PIECE]
                yield piece
                yield from _base64(piece)
        else:
            yield plain
            yield from _disguised(written, plain)
    if len(text.encode()) <= _LONG:
        yield collation_key(text)[1:].rstrip(b"\0")  # a key of a view, as the embedded node sorts by it


def _disguised(text: str, plain: bytes) -> Iterator[bytes]:
    escaped = json.dumps(text)[1:-1]
    yield escaped.encode()
    yield json.dumps(text, ensure_ascii=False)[1:-1].encode()
    yield escaped.replace("/", "\\/").replace("'", "\\u0027").encode()
    yield _upper_escapes(escaped).encode()
    yield html.escape(text).encode()
    yield html.escape(text).replace("&#x27;", "&#39;").encode()  # as MarkupSafe writes it
    for safe in ("", "@", "/", "'", "@'"):
        percent = quote(text, safe=safe)
        yield percent.encode()
        yield percent.lower().encode() if "%" in percent else b""
        yield quote_plus(text, safe=safe).encode()
    yield text.encode("latin-1", "replace") if _fits_latin(text) else b""
    yield text.encode("utf-16-le")
    if len(plain) >= _SHORTEST_BASE64:
        yield from _base64(plain)


def _base64(plain: bytes) -> Iterator[bytes]:
    """What is the same whatever stands before and after: three alignments, without their edges."""
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + plain)
        end = len(coded) - (0, 3, 2)[(before + len(plain)) % 3]
        inner = coded[(0, 2, 3)[before] : end]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def _number_forms(number: float) -> Iterator[bytes]:
    text = repr(float(number))
    yield text.encode()
    yield text.replace(".", ",").encode()  # as a German table writes it
    yield struct.pack(">d", number)
    yield struct.pack("<d", number)
    yield collation_key(number)[1:]


def _erlang_run(run: Run) -> bytes:
    return b"".join(_PAIR + _erlang_text(key) + _erlang_value(value) for key, value in run)


def _erlang_text(text: str) -> bytes:
    plain = text.encode()
    return struct.pack(">I", len(plain)) + plain


def _erlang_value(value: str | float) -> bytes:
    if isinstance(value, str):
        return b"m" + _erlang_text(value)
    if not isinstance(value, int):
        return b"F" + struct.pack(">d", value)
    if 0 <= value <= _SMALL:
        return b"a" + bytes([value])
    if -_INTEGER <= value < _INTEGER:
        return b"b" + struct.pack(">i", value)
    size = (abs(value).bit_length() + 7) // 8
    return b"n" + bytes([size, value < 0]) + abs(value).to_bytes(size, "little")


def _upper_escapes(escaped: str) -> str:
    parts = escaped.split("\\u")
    return parts[0] + "".join("\\u" + part[:4].upper() + part[4:] for part in parts[1:])


def _fits_latin(text: str) -> bool:
    return all(ord(letter) < 256 for letter in text) and not text.isascii()
