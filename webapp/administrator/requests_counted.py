"""How many requests there were and how long each took, by area of the pages: no address, nobody's name.

Measured until the answer begins; what is streamed after that (an export) is not in it.
"""

import time
from collections.abc import Callable

from flask import Flask, Response, g, request, request_finished, request_started
from prometheus_client import CollectorRegistry, Counter, Histogram

COUNTED = "survey_requests_counted"  # in app.extensions
_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 10.0)
_NOWHERE = "nowhere"  # an address that there is not


class RequestsCounted:
    """Of one app. `area` is the name of a blueprint, so there are few."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self.registry = CollectorRegistry()
        self._count = Counter(
            "survey_http_requests",
            "Requests answered, by area of the pages and class of status.",
            ["area", "status"],
            registry=self.registry,
        )
        self._took = Histogram(
            "survey_http_request_duration_seconds",
            "Time until an answer began, by area of the pages.",
            ["area"],
            buckets=_BOUNDS_S,
            registry=self.registry,
        )

    def install(self, app: Flask) -> None:
        """Count the app's requests from now on."""
        app.extensions[COUNTED] = self
        request_started.connect(self._started, app, weak=False)
        request_finished.connect(self._finished, app, weak=False)

    def _started(self, _app: Flask, **_: object) -> None:
        g.survey_request_began = self._monotonic()

    def _finished(self, _app: Flask, response: Response, **_: object) -> None:
        area = (request.blueprint or request.endpoint or _NOWHERE).partition(".")[0]
        self._count.labels(area, f"{response.status_code // 100}xx").inc()
        began = g.get("survey_request_began")
        if began is not None:
            self._took.labels(area).observe(self._monotonic() - began)
