"""From a request to checked values, as its endpoint's description asks; everything else is refused."""

import re
from typing import Any

import msgspec
from flask import Request

from couch.certificate import CertificateFacts
from webapp.api.problems import Refusal
from webapp.api.resources import ID_PATTERN
from webapp.api.route import Call, Route
from webapp.api.services import ApiServices

_JSON = "application/json"
_ID = re.compile(ID_PATTERN)
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")


def read_call(
    route: Route, request: Request, ids: dict[str, str], facts: CertificateFacts | None, services: ApiServices
) -> Call:
    """The checked request. Raises Refusal."""
    if not all(_ID.match(value) for value in ids.values()):
        raise Refusal("not-found")  # what cannot be an id is unknown like any other
    if request.accept_mimetypes and request.accept_mimetypes.quality(_JSON) <= 0:
        raise Refusal("not-acceptable")
    query = _query(route, request)
    body = _body(route, request)
    return Call(services, facts, request.path, ids, query, body)


def _query(route: Route, request: Request) -> Any:
    given: dict[str, Any] = {}
    for name, values in request.args.lists():
        if len(values) > 1:
            raise _bad(name, "it stands there more than once")
        given[name] = int(values[0]) if _WHOLE.fullmatch(values[0]) else values[0]
    if route.query is None:
        if given:
            raise _bad(next(iter(given)), "this endpoint takes no such parameter")
        return None
    try:
        return msgspec.convert(given, route.query)
    except msgspec.ValidationError as err:
        field, reason = _fault(err)
        raise _bad(field, reason) from None


def _bad(field: str, reason: str) -> Refusal:
    return Refusal("bad-query", f"{field}: {reason}.", errors=[{"field": field, "reason": reason}])


def _body(route: Route, request: Request) -> Any:
    if route.body is None:
        # Without a body nothing says how long it is; one that is announced as chunked is read to be sure.
        if request.content_length or (request.content_length is None and request.get_data(cache=True)):
            raise Refusal("malformed", "This endpoint takes no body.")
        return None
    if request.mimetype != _JSON or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        raise Refusal("unsupported-media-type", headers={"Accept-Post": _JSON})
    if request.content_encoding:
        raise Refusal("unsupported-media-type", "The body must not be encoded.")
    try:
        return msgspec.json.decode(request.get_data(cache=False), type=route.body)
    except msgspec.ValidationError as err:
        field, reason = _fault(err)
        raise Refusal("invalid", f"{field}: {reason}.", errors=[{"field": field, "reason": reason}]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal("malformed") from None


def _fault(err: msgspec.ValidationError) -> tuple[str, str]:
    """The place and the reason, as msgspec says them; it never repeats the value."""
    reason, _, path = str(err).partition(" - at `")
    return path.rstrip("`").removeprefix("$").removeprefix(".") or "the whole", reason
