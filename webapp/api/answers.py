"""From values and refusals to HTTP answers."""

import hashlib
from typing import Any

import msgspec
from flask import Request
from werkzeug.wrappers import Response

from webapp.api.problems import CONTENT_TYPE, Refusal
from webapp.api.route import Reply

_JSON = "application/json"


def answer(reply: Reply, request: Request) -> Response:
    """The answer; of a reading request with an ETag, or 304 where the caller holds the same already."""
    response = Response(
        msgspec.json.encode(reply.body), reply.status, dict(reply.headers), content_type=_JSON
    )
    return tagged(response, request) if request.method in ("GET", "HEAD") else response


def tagged(response: Response, request: Request) -> Response:
    """With a strong ETag of the content, judged against If-None-Match."""
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
    return response.make_conditional(request.environ)


def problem(refusal: Refusal) -> Response:
    """The refusal as RFC 9457 wants it."""
    body: dict[str, Any] = refusal.body()
    return Response(
        msgspec.json.encode(body), refusal.problem.status, refusal.headers, content_type=CONTENT_TYPE
    )
