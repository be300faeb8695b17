"""Every error behind an address of the API becomes a problem: nothing here answers with a page for people."""

import logging

from flask import Blueprint, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response

from couch import errors
from webapp import error_pages
from webapp.api.answers import problem
from webapp.api.problems import Refusal

_log = logging.getLogger(__name__)
_TRY_AGAIN_S = "30"
_PLACES = ("/account", "/household", "/management", "/openapi.json")
_BY_STATUS = {
    400: "malformed",
    403: "role-missing",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "too-large",
    415: "unsupported-media-type",
    421: "misdirected",
}


def install(blueprint: Blueprint) -> None:
    """Register the handlers of the blueprint, and those for what no route of it matches."""
    blueprint.register_error_handler(Refusal, _refused)
    blueprint.register_error_handler(HTTPException, _http)
    blueprint.register_error_handler(errors.Unreachable, _unreachable)
    blueprint.register_error_handler(errors.CouchError, _database)
    # No route, so no blueprint: Flask asks the app, and the address tells whose it would be.
    blueprint.app_errorhandler(404)(_unrouted)
    blueprint.app_errorhandler(405)(_unrouted)


def _refused(refusal: Refusal) -> Response:
    facts = g.get("survey_device")
    _log.info(
        "refused %s %s: %s (certificate %s)",
        request.method,
        request.url_rule or "?",  # the rule, so that no identifier of a meter comes into the log
        refusal.problem.name,
        facts.serial if facts else "none",
    )
    return problem(refusal)


def _http(err: HTTPException) -> Response:
    code = err.code or 500
    if code < 400:
        return err.get_response()
    name = _BY_STATUS.get(code, "internal" if code >= 500 else "malformed")
    headers = {}
    if isinstance(err, MethodNotAllowed) and err.valid_methods:
        headers["Allow"] = ", ".join(sorted(err.valid_methods))
    return problem(Refusal(name, headers=headers))


def _unrouted(err: HTTPException) -> Response | tuple[str, int]:
    ours = any(request.path == place or request.path.startswith(f"{place}/") for place in _PLACES)
    return _http(err) if ours else error_pages.page_for(err)


def _unreachable(err: errors.Unreachable) -> Response:
    _log.warning("%s", err)
    return problem(Refusal("unavailable", headers={"Retry-After": _TRY_AGAIN_S}))


def _database(err: errors.CouchError) -> Response:
    if isinstance(err, errors.NotFound):  # a database that is made anew is away for a moment
        return _unreachable(errors.Unreachable(str(err)))
    _log.error("%s", err)
    return problem(Refusal("database-refused"))
