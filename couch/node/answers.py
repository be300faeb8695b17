"""Answers in CouchDB's shape: JSON bodies, and errors as `{"error": ..., "reason": ...}`."""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

_encode = msgspec.json.Encoder().encode


class HttpError(Exception):
    """An answer other than success, raised anywhere below a handler; middleware renders it.

    Attributes: `status`; `error` and `reason` as CouchDB words them; `headers` added to the answer; `extra`
    further members of the body.
    """

    def __init__(
        self,
        status: int,
        error: str,
        reason: str,
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {error}: {reason}")
        self.status, self.error, self.reason = status, error, reason
        self.headers, self.extra = dict(headers or {}), dict(extra or {})

    def body(self) -> dict[str, Any]:
        """The JSON body that tells it."""
        return {"error": self.error, "reason": self.reason, **self.extra}


def bad_request(reason: str, error: str = "bad_request") -> HttpError:
    """400: the request cannot be understood."""
    return HttpError(400, error, reason)


def query_parse_error(reason: str) -> HttpError:
    """400: a query parameter has no usable value."""
    return HttpError(400, "query_parse_error", reason)


def unauthorized(reason: str) -> HttpError:
    """401: nobody, or with wrong credentials, where somebody is needed."""
    return HttpError(401, "unauthorized", reason)


def forbidden(reason: str) -> HttpError:
    """403: known, but not allowed."""
    return HttpError(403, "forbidden", reason)


def not_found(reason: str = "missing") -> HttpError:
    """404."""
    return HttpError(404, "not_found", reason)


def conflict(reason: str = "Document update conflict.") -> HttpError:
    """409: another revision stands there."""
    return HttpError(409, "conflict", reason)


def not_implemented(reason: str) -> HttpError:
    """501: part of CouchDB that this node has not got."""
    return HttpError(501, "not_implemented", reason)


def method_not_allowed(*allowed: str) -> HttpError:
    """405, naming the methods that there are."""
    only = ",".join(allowed)
    return HttpError(405, "method_not_allowed", f"Only {only} allowed", headers={"Allow": only})


def json_bytes(body: Any) -> bytes:
    """`body` as CouchDB sends it: compact UTF-8 JSON and a newline."""
    return _encode(body) + b"\n"


def json_answer(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    return raw_answer(json_bytes(body), status=status, headers=headers)


def raw_answer(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer whose JSON text is already there."""
    return web.Response(
        body=body,
        status=status,
        headers=headers,
        content_type="application/json",
    )


def error_answer(error: HttpError) -> web.Response:
    """The answer that tells `error`."""
    return json_answer(error.body(), status=error.status, headers=error.headers)
