"""`POST /enrol`, `/renew` and `/return`: JSON in, JSON or a problem (RFC 9457) out; nothing is cached.

They come through the TLS listener alone. `/renew` needs the certificate that it verified; the other two are
for devices that have none that holds, and what they prove stands in the body.
"""

from http import HTTPStatus
from typing import TypeVar

import msgspec
from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from couch.enrolment import (
    ENROL_PATH,
    RENEW_PATH,
    RETURN_PATH,
    EnrolmentRefused,
    EnrolRequest,
    Problem,
    RenewRequest,
    ReturnRequest,
)
from webapp import access
from webapp.api.identity import Unidentified, check_proxy, device_behind
from webapp.enrolment.services import EnrolmentServices

S = TypeVar("S", bound=msgspec.Struct)
_LARGEST_BYTES = 48 * 1024


def enrolment_blueprint(services: EnrolmentServices) -> Blueprint:
    """The three endpoints over these services."""
    blueprint = Blueprint("enrolment", __name__)

    def from_listener() -> None:
        check_proxy(dict(request.headers), services.proxy_secret)

    def from_device() -> None:
        g.survey_device = device_behind(dict(request.headers), services.proxy_secret, services.now())

    @blueprint.post(ENROL_PATH)
    @access.guarded(from_listener)
    def enrol() -> Response:
        return _answer(services.enrol(_body(EnrolRequest)))

    @blueprint.post(RENEW_PATH)
    @access.guarded(from_device)
    def renew() -> Response:
        return _answer(services.renew(g.survey_device, _body(RenewRequest)))

    @blueprint.post(RETURN_PATH)
    @access.guarded(from_listener)
    def come_back() -> Response:
        return _answer(services.come_back(_body(ReturnRequest)))

    blueprint.register_error_handler(EnrolmentRefused, _refused)
    blueprint.register_error_handler(Unidentified, _unidentified)
    blueprint.register_error_handler(HTTPException, _http)
    return blueprint


def _body(kind: type[S]) -> S:
    if request.content_length is None or request.content_length > _LARGEST_BYTES:
        raise EnrolmentRefused("malformed", "the body must be JSON of a known length, at most 48 KiB")
    try:
        return msgspec.json.decode(request.get_data(cache=False), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as err:
        raise EnrolmentRefused("malformed", f"the body is not what {request.path} takes") from err


def _answer(value: msgspec.Struct) -> Response:
    return _json(msgspec.json.encode(value), 200, "application/json")


def _refused(err: EnrolmentRefused) -> Response:
    response = _problem(err.status, err.reason, err.code)
    if err.retry_after_s is not None:
        response.headers["Retry-After"] = str(err.retry_after_s)
    return response


def _unidentified(err: Unidentified) -> Response:
    return _problem(401, str(err), "certificate_missing")


def _http(err: HTTPException) -> Response:
    return _problem(err.code or 500, err.description or "", "malformed")


def _problem(status: int, detail: str, code: str) -> Response:
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, code=code)
    return _json(msgspec.json.encode(problem), status, "application/problem+json")


def _json(body: bytes, status: int, kind: str) -> Response:
    return Response(body, status, {"Cache-Control": "no-store"}, content_type=kind)
