"""Request targets, read so strictly that nobody behind the gateway can read them in another way.

One form of each target is accepted (RFC 9112, 3.2.1, origin form). Its path holds unreserved characters and
the colon of our ids, raw or as `%3A`; so encoded slashes, dot segments, double encodings, encoded letters,
backslashes, control bytes and parameters cannot occur. Every key of the query stands there once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

LONGEST = 8192

_SEGMENT = r"(?:[A-Za-z0-9._~:-]|%3[Aa])+"
_PATH = re.compile(rf"/(?:{_SEGMENT}(?:/{_SEGMENT})*/?)?")
_PARAMETER = re.compile(r"([a-z_]+)=((?:[A-Za-z0-9._~:-]|%[0-9A-Fa-f]{2})+)")
_COLON = re.compile("%3[Aa]")
_LOWEST = 0x20
_DELETE = 0x7F


class BadTarget(Exception):  # noqa: N818 - named for what it is
    """Not a target in the accepted form. The message names the rule, never the target."""


@dataclass(frozen=True, slots=True)
class Target:
    """`segments` of the path, decoded; a slash at the end leaves an empty last one. `query` decoded."""

    segments: tuple[str, ...]
    query: Mapping[str, str]


def parse_target(raw: str) -> Target:
    """Raises BadTarget for everything but the one accepted form."""
    if len(raw) > LONGEST:
        raise BadTarget("the address is too long")
    path, mark, query = raw.partition("?")
    if not _PATH.fullmatch(path):
        raise BadTarget("the path is not in the plain form")
    segments = tuple(_COLON.sub(":", path).split("/")[1:])
    if not {".", ".."}.isdisjoint(segments):
        raise BadTarget("the path has dot segments")
    return Target(segments, _query(query) if mark else {})


def _query(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split("&"):
        parameter = _PARAMETER.fullmatch(part)
        if parameter is None:
            raise BadTarget("the query is not in the plain form")
        key, value = parameter.groups()
        if key in found:
            raise BadTarget("the query has a key twice")
        found[key] = _value(value)
    return found


def _value(encoded: str) -> str:
    try:
        value = unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError as err:
        raise BadTarget("the query is not UTF-8") from err
    if "%" in value:
        raise BadTarget("the query is encoded twice")
    if any(ord(char) < _LOWEST or ord(char) == _DELETE for char in value):
        raise BadTarget("the query has control characters")
    return value
