"""The API as a Flask blueprint, and its page for people."""

import re
from collections.abc import Callable

from flask import Blueprint, render_template, request
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from webapp import access
from webapp.api import openapi, refusing
from webapp.api import services as api_services
from webapp.api.answers import answer, tagged
from webapp.api.endpoints import ROUTES
from webapp.api.guards import calling_device, guard_of
from webapp.api.problems import PROBLEMS
from webapp.api.requests import read_call
from webapp.api.route import Route
from webapp.api.services import ApiServices


def api_blueprint(services: ApiServices) -> Blueprint:
    """The ten endpoints, /openapi.json and /api, working with `services`."""
    blueprint = Blueprint("api", __name__)

    def keep(state: BlueprintSetupState) -> None:
        api_services.keep(state.app.extensions, services)

    blueprint.record_once(keep)
    for route in ROUTES:
        path = re.sub(r"{(\w+)}", r"<\1>", route.path)
        blueprint.add_url_rule(path, route.name, _view_of(route), methods=[route.method])
    blueprint.add_url_rule("/openapi.json", "openapi", _openapi)
    blueprint.add_url_rule("/api", "reference", _reference)
    refusing.install(blueprint)
    return blueprint


def _view_of(route: Route) -> Callable[..., Response]:
    @access.guarded(guard_of(route))
    def view(**ids: str) -> Response:
        call = read_call(route, request, ids, calling_device(), api_services.services())
        return answer(route.act(call), request)

    return view


@access.public
def _openapi() -> Response:
    return tagged(Response(openapi.text(), content_type="application/json"), request)


@access.public
def _reference() -> str:
    document = openapi.document()
    return render_template(
        "api/reference.html",
        document=document,
        introduction=openapi.INTRODUCTION,
        routes=ROUTES,
        schemas=document["components"]["schemas"],
        problems=PROBLEMS.values(),
    )
