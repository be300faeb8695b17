"""Query parameters and bodies of requests, with CouchDB's words where they cannot be used."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from aiohttp import web

from couch.node.answers import HttpError, bad_request, query_parse_error

_decode = msgspec.json.Decoder().decode


def parse_json(raw: bytes | str) -> Any:
    """The value of a JSON text.

    Raises:
        HttpError: 400 where it is none.
    """
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as err:
        raise bad_request("invalid UTF-8 JSON") from err


async def read_body(request: web.Request) -> bytes:
    """The body of a request.

    Raises:
        HttpError: 413 where it is larger than the node takes.
    """
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as err:
        raise HttpError(413, "too_large", "the request entity is too large") from err


async def json_body(request: web.Request) -> Any:
    """The JSON value in a body of whatever content type. Raises HttpError 400 where it is none."""
    return parse_json(await read_body(request))


async def json_object(request: web.Request) -> dict[str, Any]:
    """The JSON object in a body.

    Raises:
        HttpError: 415 for another content type, 400 for another value.
    """
    require_json(request)
    return as_object(await json_body(request))


def as_object(value: Any) -> dict[str, Any]:
    """`value` where it is an object. Raises HttpError 400 where it is none."""
    if not isinstance(value, dict):
        raise bad_request("Request body must be a JSON object")
    return value


def require_json(request: web.Request) -> None:
    """Raises HttpError 415 where the content type is not JSON."""
    if not request.headers.get("Content-Type", "").startswith("application/json"):
        raise HttpError(415, "bad_content_type", "Content-Type must be application/json")


def json_parameter(query: Mapping[str, str], *names: str) -> Any:
    """The JSON value of the first of these parameters that is there; None where none is."""
    for name in names:
        if name in query:
            return parse_json(query[name])
    return None


def boolean(value: Any) -> bool:
    """A parameter that is `true` or `false`, as text or as JSON.

    Raises:
        HttpError: 400.
    """
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise query_parse_error(f"Invalid boolean parameter: {_shown(value)}")


def count(value: Any) -> int:
    """A parameter that is an integer from 0.

    Raises:
        HttpError: 400.
    """
    if isinstance(value, bool):
        raise query_parse_error(f"Invalid value for integer: {_shown(value)}")
    try:
        number = int(value)
    except (TypeError, ValueError) as err:
        raise query_parse_error(f"Invalid value for integer: {_shown(value)}") from err
    if number < 0:
        raise query_parse_error(f"Invalid value for positive integer: {_shown(value)}")
    return number


def _shown(value: Any) -> str:
    """A value as CouchDB's messages show it: an empty text is an empty list there."""
    if value == "":
        return "[]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def url_quoted(name: str) -> str:
    """A name as a segment of an address, as CouchDB writes it in `Location`."""
    return quote(name, safe=":").replace("~", "%7E")


def own_url(request: web.Request, *segments: str) -> str:
    """The address of something here, seen from the caller."""
    path = "/".join(url_quoted(segment) for segment in segments)
    return f"{request.scheme}://{request.host}/{path}"
