"""The API on databases in memory."""

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
sys.path.insert(0, str(Path(__file__).parents[1]))
from api_fakes import (
    SECRET,
    Door,
    HouseholdDatabase,
    Households,
    Sessions,
    certificate,
    fill,
    session_of,
    shown,
)
from webapp_fakes import FakeDatabase
from webapp_samples import NOW, Sample

from couch.clock import Clock
from couch.names import SCOPES
from webapp.api.blueprint import api_blueprint
from webapp.api.services import ApiServices
from webapp.factory import create_app
from webapp.site import Site


class FrozenClock(Clock):
    def now(self) -> datetime:
        return NOW


@dataclass
class Api:
    """The API and its callers."""

    app: Flask
    households: Households
    registry: FakeDatabase
    revoked: set[str] = field(default_factory=set)
    sample: Sample = field(default_factory=Sample)

    @property
    def household(self) -> HouseholdDatabase:
        return self.households.databases[self.sample.household]

    def pem(self, *scopes: str, **more: Any) -> str:
        known = {"device": self.sample.device, "household": self.sample.household}
        return certificate(**{**known, "scopes": scopes or SCOPES, **more})

    def ask(
        self,
        method: str,
        path: str,
        *,
        pem: str | None = None,
        headers: dict[str, str] | None = None,
        role: str | None = None,
        **more: Any,
    ) -> TestResponse:
        """A request of the sample's device with every scope, unless told otherwise."""
        client = self.app.test_client()
        if role:
            client.set_cookie("centre", session_of(role))
        given = shown(self.pem() if pem is None else pem) if not role else {}
        return client.open(path, method=method, headers={**given, **(headers or {})}, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.ask("GET", path, **more)


def make_api() -> Api:
    households, registry, revoked = Households(), FakeDatabase(), set[str]()
    services = ApiServices(
        household=households,
        registry=lambda: registry,  # type: ignore[arg-type,return-value]
        proxy_secret=SECRET,
        clock=FrozenClock(),
        revoked=revoked.__contains__,
    )
    site = Site(
        title="Centre",
        unreachable_template="error.html",
        door=Door(),
        sessions=Sessions(),
        blueprints=(api_blueprint(services),),
        sections=(),
        services=None,
        clock=FrozenClock(),
        timezone=UTC,
    )
    app = create_app(site, secret=b"k" * 32, cookie="centre")
    return Api(app, households, registry, revoked)


@pytest.fixture(scope="session")
def _made() -> Api:
    return make_api()


@pytest.fixture
def api(_made: Api) -> Api:
    fill(_made)
    return _made


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def measurement() -> dict[str, Any]:
    """A new measurement as a device sends it."""
    return {
        "meter": Sample.meter,
        "measured_at": "2026-06-30T12:00:03Z",
        "slot": "2026-06-30T12:00:00Z",
        "data": [{"obis": "0100010800ff", "value": 1234567, "scaler": -1, "unit": "Wh"}],
        "time": {"source": "synchronized", "boot": "b-1", "monotonic_ms": 5, "meter_seconds": 7},
        "marks": ["power_sign"],
    }
