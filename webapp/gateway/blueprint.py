"""The question that nginx asks about each request (`auth_request`), answered.

It is asked over loopback, with a secret that nginx and this process share: 204 with a token lets the request
pass, 401 and 403 name the refusal in headers, anything else means that nothing passes now. nginx checks the
chain of the certificate; identity and revocation are judged here, at every request.
"""

import hmac
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Blueprint, Response, abort, request

from couch.admission import (
    CERTIFICATE_HEADER,
    ERROR_HEADER,
    METHOD_HEADER,
    REASON_HEADER,
    SECRET_HEADER,
    TARGET_HEADER,
    TOKEN_HEADER,
    Authorize,
    Denied,
)
from webapp.access import guarded

PATH = "/_gateway/authorize"
_LARGEST_CERTIFICATE = 16 * 1024


def gateway_blueprint(authorize: Authorize, secret: bytes) -> Blueprint:
    """The blueprint; `secret` is what nginx sends with each question. Raises ValueError when it is short."""
    if len(secret) < 16:
        raise ValueError("the secret of the proxy is too short")
    blueprint = Blueprint("gateway", __name__)

    def from_nginx() -> Any:
        given = request.headers.get(SECRET_HEADER, "").encode(errors="replace")
        if not hmac.compare_digest(given, secret):
            abort(404)

    @blueprint.get(PATH)
    @guarded(from_nginx)
    def answer() -> Response:
        escaped = request.headers.get(CERTIFICATE_HEADER, "")
        if len(escaped) > _LARGEST_CERTIFICATE:
            return _refusal(Denied(403, "certificate_unknown", "the certificate is too large"))
        decision = authorize(
            unquote_to_bytes(escaped) if escaped else None,
            request.headers.get(METHOD_HEADER, ""),
            request.headers.get(TARGET_HEADER, ""),
        )
        if isinstance(decision, Denied):
            return _refusal(decision)
        return Response(status=204, headers={TOKEN_HEADER: decision.token} if decision.token else {})

    return blueprint


def _refusal(denied: Denied) -> Response:
    return Response(status=denied.status, headers={ERROR_HEADER: denied.error, REASON_HEADER: denied.reason})
