"""The two sites on databases in memory, and people at their pages."""

import functools
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from couch.clock import Clock
from couch.documents import Json
from couch.erasure_marker import ErasureMarker
from couch.secret import Secret
from webapp.accounts.accounts_file import AccountsFile
from webapp.accounts.directory import Directory
from webapp.accounts.door import AccountDoor
from webapp.accounts.passwords import Passwords
from webapp.accounts.services import AccountServices
from webapp.accounts.sessions import AccountSessions
from webapp.centre import centre_site
from webapp.centre_services import CentreServices
from webapp.factory import create_app
from webapp.home_network import HOME_NETWORKS, networks
from webapp.participant.household_code import HouseholdDoor
from webapp.participant.services import DeviceServices
from webapp.participant.sessions import PageSessions
from webapp.participant.site import device_site
from webapp.researcher.figures import FIGURES, Figures
from webapp.tries import Tries

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from registration_fakes import fake_registration
from webapp_fakes import FakeDatabase, FakeServer
from webapp_samples import NOW, Sample

CODE = "K7QMX-3WPZD"
# Cheap to check: what a real one costs has no place in a hundred tests.
CODE_HASH = generate_password_hash(CODE.replace("-", ""), method="scrypt:512:8:1")
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
METRICS_TOKEN = "what Prometheus shows"
IDLE_S, LONGEST_S = 1800, 8 * 3600


class Browser:
    """A person at a page: keeps cookies, sends the form that it sees."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.page = ""

    def get(self, path: str, **more: Any) -> TestResponse:
        answer = self.client.get(path, buffered=True, **more)
        self.page = answer.text
        return answer

    def send(self, path: str, *, base_url: str | None = None, **values: str) -> TestResponse:
        """Send a form with the token of the page seen last."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page)
        assert token is not None, self.page
        answer = self.client.post(
            path, data={**values, "csrf_token": token[1]}, buffered=True, base_url=base_url
        )
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
    hashes: list[str]  # the last one is the code's that holds

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

    def marked(self, **far: Any) -> None:
        """The agent's mark: the centre said that the household was erased; `far` says how far it is."""
        sample = Sample()
        _Held.erasure = ErasureMarker(device=sample.device, household=sample.household, told_at=NOW, **far)


ACCOUNTS = {
    "rosa": ("researcher",),
    "adam": ("administrator",),
    "anna": ("analyst",),
    "igor": ("researcher", "analyst"),  # invited, has no password yet
}


def password_of(name: str) -> str:
    return f"the words of {name[::-1]}"


class Fast(Passwords):
    """Hashes each password once in all tests."""

    def hashed(self, password: str) -> str:
        return _hashed(password)


_CHEAP_PASSWORDS = Passwords(CHEAP)


@functools.cache
def _hashed(password: str) -> str:
    return _CHEAP_PASSWORDS.hashed(password)


@dataclass
class Centre:
    """The centre's pages on a fake CouchDB."""

    app: Flask
    server: FakeServer
    wall: Wall
    accounts: AccountServices
    registry: FakeDatabase = field(init=False)

    def __post_init__(self) -> None:
        self.registry = self.server.databases["registry"]
        # What a test before counted is forgotten, and nothing is counted behind a test's back.
        self.app.extensions[FIGURES] = Figures(
            lambda: _Held.server,  # type: ignore[arg-type,return-value]
            FrozenClock(),
            submit=lambda work: work(),
        )

    def visitor(self) -> Browser:
        return Browser(self.app.test_client())

    def signed_in(self, name: str, password: str = "", source: str = "127.0.0.1") -> Browser:
        browser = self.visitor()
        browser.client.environ_base["REMOTE_ADDR"] = source
        browser.get("/sign-in")
        sent = browser.send("/sign-in", name=name, password=password or password_of(name))
        assert sent.status_code == 303
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
    erasure: ErasureMarker | None = None


def _wall() -> float:
    return _Held.wall()


def make_device(**more: Any) -> Device_:
    """A device's page of its own."""
    sample = Sample()
    services = DeviceServices(
        replica=lambda: _Held.replica,  # type: ignore[arg-type,return-value]
        device=sample.device,
        household=sample.household,
        clock=FrozenClock(),
        timezone=UTC,
        erasure=lambda: _Held.erasure,
    )
    hashes = [CODE_HASH]
    door = HouseholdDoor(lambda: hashes[-1], Tries(monotonic=_wall))
    sessions = PageSessions(lambda: door.key, idle_s=IDLE_S, longest_s=2 * 3600, monotonic=_wall)
    app = create_app(
        device_site(services, door, sessions),
        secret=b"k" * 32,
        cookie="page",
        names=["pi.home"],
        **{"home": networks(HOME_NETWORKS), **more},
    )
    return Device_(app, _Held.replica, _Held.wall, door, hashes)


@pytest.fixture(scope="session")
def shared_device() -> Device_:
    return make_device()


@pytest.fixture
def fresh() -> None:
    """An empty database and a wall clock for this test."""
    later = Wall(_Held.wall.seconds + 24 * 3600)  # what tests before did has ended
    _Held.replica, _Held.server, _Held.wall = FakeDatabase(), FakeServer(), later
    _Held.erasure = None


@pytest.fixture
def device(fresh: None, shared_device: Device_) -> Device_:
    shared_device.door.tries.forget()
    return Device_(shared_device.app, _Held.replica, _Held.wall, shared_device.door, shared_device.hashes)


@pytest.fixture
def make_own_device(fresh: None) -> Callable[..., Device_]:
    """With other settings of the app."""
    return make_device


@pytest.fixture
def own_device(fresh: None) -> Device_:
    """For tests that change the app."""
    return make_device()


def make_accounts(file: Path) -> AccountServices:
    """The accounts of ACCOUNTS in a file."""
    accounts, passwords = AccountsFile(file), Fast(CHEAP)
    directory = Directory(accounts, _wall)
    for name, roles in ACCOUNTS.items():
        directory.add(name, roles, valid_s=3600)
        if name != "igor":
            directory.change_password(name, passwords.hashed(password_of(name)))
    return AccountServices(
        directory=directory,
        sessions=AccountSessions(accounts, IDLE_S, LONGEST_S, _wall),
        passwords=passwords,
        door=AccountDoor(directory, passwords, Tries(monotonic=_wall)),
    )


def make_centre(accounts: AccountServices, folder: Path, **more: Any) -> Flask:
    services = CentreServices(
        server=lambda: _Held.server,  # type: ignore[arg-type,return-value]
        accounts=accounts,
        clock=FrozenClock(),
        timezone=UTC,
        registry_age_s=0,
        metrics_token=Secret(METRICS_TOKEN),
        registration=fake_registration(lambda: _Held.server, folder / "registrations"),
    )
    return create_app(centre_site(services), secret=b"k" * 32, cookie="centre", **more)


@pytest.fixture(scope="session")
def shared_centre(tmp_path_factory: pytest.TempPathFactory) -> tuple[Flask, AccountServices]:
    folder = tmp_path_factory.mktemp("centre")
    accounts = make_accounts(folder / "accounts.sqlite")
    return make_centre(accounts, folder), accounts


@pytest.fixture
def centre(fresh: None, shared_centre: tuple[Flask, AccountServices]) -> Centre:
    """For tests that leave the accounts as they are."""
    app, accounts = shared_centre
    accounts.door.tries.forget()
    return Centre(app, _Held.server, _Held.wall, accounts)


@pytest.fixture
def own_centre(fresh: None, tmp_path: Path) -> Centre:
    """For tests that change accounts or the app."""
    accounts = make_accounts(tmp_path / "accounts.sqlite")
    return Centre(make_centre(accounts, tmp_path), _Held.server, _Held.wall, accounts)


@pytest.fixture
def words() -> Callable[[str], str]:
    """The password of an account."""
    return password_of


@pytest.fixture
def fake_database() -> FakeDatabase:
    return FakeDatabase()
