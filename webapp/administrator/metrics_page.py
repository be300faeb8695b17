"""`/metrics` for Prometheus: for whoever shows the token of the settings; without one there is none."""

import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

from flask import Blueprint, Flask, Response, abort, current_app, request
from flask.blueprints import BlueprintSetupState
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from couch.errors import CouchError
from couch.names import REGISTRY
from webapp.access import guarded
from webapp.administrator import exposition
from webapp.administrator.centre_state import read_centre
from webapp.administrator.requests_counted import COUNTED, RequestsCounted
from webapp.centre_services import CentreServices, services

blueprint = Blueprint("metrics", __name__)
_BEARER = "Bearer "


@blueprint.record_once
def _count_requests(state: BlueprintSetupState) -> None:
    RequestsCounted().install(cast(Flask, state.app))


def _who_shows_the_token() -> Any:
    """Lets Prometheus in; compared in a time that tells nothing of the token."""
    token = services().metrics_token
    if token is None:
        abort(404)
    shown = request.headers.get("Authorization", "")
    given = shown.removeprefix(_BEARER) if shown.startswith(_BEARER) else ""
    if hmac.compare_digest(given.encode(), token.reveal().encode()):
        return None
    refusal = Response("the token is missing or wrong\n", 401, mimetype="text/plain")
    refusal.headers["WWW-Authenticate"] = "Bearer"
    return refusal


@blueprint.get("/metrics")
@guarded(_who_shows_the_token)
def metrics() -> Response:
    """All numbers in Prometheus' text format."""
    survey = CollectorRegistry()
    survey.register(_Survey(services()))
    counted: RequestsCounted = current_app.extensions[COUNTED]
    text = generate_latest(survey) + generate_latest(counted.registry)
    return Response(text, content_type=CONTENT_TYPE_LATEST)


class _Survey(Collector):
    """What one scrape reads of the survey. While the database does not answer, that is what it says."""

    def __init__(self, here: CentreServices) -> None:
        self._here = here

    def collect(self) -> Iterator[Metric]:
        here = self._here
        yield from exposition.account_metrics(here.accounts.directory.all())
        try:
            fleet, snapshot = here.fleet.look(), here.registry.snapshot()
            registry = here.server().database(REGISTRY)
            centre = read_centre(registry, snapshot, datetime.now(UTC), here.thresholds)
        except CouchError:
            yield exposition.database_up(False)
            return
        yield exposition.database_up(True)
        yield from exposition.fleet_metrics(fleet, snapshot.summaries.values(), here.clock.now())
        yield from exposition.centre_metrics(centre)
