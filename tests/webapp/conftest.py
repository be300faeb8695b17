"""The two sites on databases in memory, and people at their pages."""

import re
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from couch.client import Session
from couch.clock import Clock
from couch.documents import (
    Json,
)
from couch.errors import AccessDenied
from webapp.centre import centre_site
from webapp.centre_services import CentreServices
from webapp.factory import create_app
from webapp.participant.household_code import HouseholdDoor
from webapp.participant.services import DeviceServices
from webapp.participant.site import device_site
from webapp.site import SITE
from webapp.tries import Tries

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from webapp_fakes import FakeDatabase, FakeServer
from webapp_samples import NOW, Sample

CODE = "K7QMX-3WPZD"
# Cheap to check: what a real one costs has no place in a hundred tests.
CODE_HASH = generate_password_hash(CODE.replace("-", ""), method="scrypt:512:8:1")


class Browser:
    """A person at a page: keeps cookies, sends the form that it sees."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.page = ""

    def get(self, path: str, **more: Any) -> TestResponse:
        answer = self.client.get(path, buffered=True, **more)
        self.page = answer.text
        return answer

    def send(self, path: str, **values: str) -> TestResponse:
        """Send a form with the token of the page seen last."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page)
        assert token is not None, self.page
        answer = self.client.post(path, data={**values, "csrf_token": token[1]}, buffered=True)
        self.page = answer.text
        return answer


class FrozenClock(Clock):
    def now(self) -> datetime:
        return NOW


@dataclass
class Wall:
    """Real seconds that a test moves on."""

    seconds: float = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Device_:
    """A device's page on a fake replica."""

    app: Flask
    replica: FakeDatabase
    wall: Wall
    door: HouseholdDoor

    def visitor(self) -> Browser:
        return Browser(self.app.test_client())

    def participant(self) -> Browser:
        browser = self.visitor()
        browser.get("/sign-in")
        assert browser.send("/sign-in", code=CODE).status_code == 303
        return browser

    def holds(self, *docs: Json) -> None:
        for doc in docs:
            self.replica.put_once(doc)


ACCOUNTS = {
    "rosa": ("researcher",),
    "adam": ("administrator",),
    "anna": ("analyst",),
    "worker": ("worker",),
}


def ask_fake_couchdb(name: str, password: str) -> Session:
    if name in ACCOUNTS and password == f"{name}'s":
        return Session(name, ACCOUNTS[name])
    raise AccessDenied("denied", status=401)


@dataclass
class Centre:
    """The centre's pages on a fake CouchDB."""

    app: Flask
    server: FakeServer
    wall: Wall
    registry: FakeDatabase = field(init=False)

    def __post_init__(self) -> None:
        self.registry = self.server.databases["registry"]

    def visitor(self) -> Browser:
        return Browser(self.app.test_client())

    def signed_in(self, name: str) -> Browser:
        browser = self.visitor()
        browser.get("/sign-in")
        assert browser.send("/sign-in", name=name, password=f"{name}'s").status_code == 303
        return browser


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def code() -> str:
    return CODE


@pytest.fixture
def sample() -> Sample:
    return Sample()


class _Held:
    """The databases of the test that runs now: one app serves all tests, compiling its pages takes time."""

    replica = FakeDatabase()
    server = FakeServer()
    wall = Wall()


def _wall() -> float:
    return _Held.wall()


def make_device() -> Device_:
    """A device's page of its own."""
    sample = Sample()
    services = DeviceServices(
        replica=lambda: _Held.replica,  # type: ignore[arg-type,return-value]
        device=sample.device,
        household=sample.household,
        clock=FrozenClock(),
        timezone=UTC,
    )
    door = HouseholdDoor(CODE_HASH, Tries(monotonic=_wall))
    app = create_app(
        device_site(services, door),
        secret=b"k" * 32,
        cookie="page",
        names=["pi.home"],
        wall=_wall,
    )
    return Device_(app, _Held.replica, _Held.wall, door)


@pytest.fixture(scope="session")
def shared_device() -> Device_:
    return make_device()


@pytest.fixture
def fresh() -> None:
    """An empty database and a wall clock for this test."""
    _Held.replica, _Held.server, _Held.wall = FakeDatabase(), FakeServer(), Wall()


@pytest.fixture
def device(fresh: None, shared_device: Device_) -> Device_:
    shared_device.door.tries.forget()
    return Device_(shared_device.app, _Held.replica, _Held.wall, shared_device.door)


@pytest.fixture
def own_device(fresh: None) -> Device_:
    """For tests that change the app."""
    return make_device()


@pytest.fixture(scope="session")
def shared_centre() -> Flask:
    services = CentreServices(
        server=lambda: _Held.server,  # type: ignore[arg-type,return-value]
        clock=FrozenClock(),
        timezone=UTC,
    )
    return create_app(centre_site(services, ask_fake_couchdb), secret=b"k" * 32, cookie="centre", wall=_wall)


@pytest.fixture
def centre(fresh: None, shared_centre: Flask) -> Centre:
    shared_centre.extensions[SITE].door.tries.forget()
    return Centre(shared_centre, _Held.server, _Held.wall)


@pytest.fixture
def fake_database() -> FakeDatabase:
    return FakeDatabase()
