"""Fixtures for every test that needs a database.

`SURVEY_COUCHDB_URL=http://admin:pw@host:5984` selects a real CouchDB; else the embedded node is started.
"""

import base64
import functools
import os
import queue
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from couch.client import Server
from couch.settings import Account, Endpoint, Secret
from couch.transport import split_url

START_WITHIN_S = 120  # on a machine that is at other things, too
_LISTENING = "listening on "
_TOKEN_KEY = base64.b64encode(b"the key of the tokens in all tests").decode()
SYSTEM_DATABASES = ("_users", "_replicator", "_global_changes")  # a new CouchDB has none of them


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Only where tests run in several processes."""
    from xdist_scheduling import BrowserTogether  # noqa: PLC0415 - xdist may be absent

    return BrowserTogether(config, log)


@pytest.fixture(scope="session")
def couch_data(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """Where the database under test keeps its files (a real CouchDB: SURVEY_COUCHDB_DATA); None: unknown."""
    if os.environ.get("SURVEY_COUCHDB_URL"):
        given = os.environ.get("SURVEY_COUCHDB_DATA")
        return Path(given) if given else None
    return tmp_path_factory.mktemp("node")


@pytest.fixture(scope="session")
def couch_admin(couch_data: Path | None) -> Iterator[Endpoint]:
    """Address and administrator of the database under test."""
    given = os.environ.get("SURVEY_COUCHDB_URL")
    if given:
        url, user, password = split_url(given)
        endpoint = Endpoint(url, user or "admin", Secret(password or ""))
        with endpoint.server() as server:
            for name in SYSTEM_DATABASES:
                server.create_database(name)
        yield endpoint
        return
    password = uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-m", "couch.node", "--port", "0", "--data", str(couch_data)],
        env={**os.environ, "SURVEY_ADMIN_PASSWORD": password, "SURVEY_JWT_KEY": _TOKEN_KEY},
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Endpoint(_address(process), "admin", Secret(password))
    finally:
        process.terminate()
        process.wait(START_WITHIN_S)


def _address(process: "subprocess.Popen[str]") -> str:
    """What the node prints once it listens; its later output is read too, so that it never blocks."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    said: list[str] = []
    while (line := lines.get(timeout=START_WITHIN_S)) is not None:
        said.append(line)
        if _LISTENING in line:
            return line.partition(_LISTENING)[2].split()[0].rstrip("/")
    raise RuntimeError("the embedded node did not start:\n" + "".join(said))


@pytest.fixture(scope="session")
def couch_token_key() -> bytes:
    """The key with which the database under test checks tokens (a real CouchDB: SURVEY_JWT_KEY, base64)."""
    given = os.environ.get("SURVEY_JWT_KEY") if "SURVEY_COUCHDB_URL" in os.environ else _TOKEN_KEY
    if not given:
        pytest.skip("SURVEY_JWT_KEY does not say which key the CouchDB of SURVEY_COUCHDB_URL has for tokens")
    return base64.b64decode(given)


@pytest.fixture(scope="session")
def couch_server(couch_admin: Endpoint) -> Iterator[Server]:
    """The database under test, as its administrator, for the main thread of the test."""
    with couch_admin.server() as server:
        yield server


@pytest.fixture
def fresh_name(couch_server: Server) -> Iterator[Callable[..., str]]:
    """`fresh_name("household")` gives `household-<new uuid>`, removed after the test if it was created."""
    given: list[str] = []

    def name(prefix: str = "test") -> str:
        given.append(f"{prefix}-{uuid.uuid4()}")
        return given[-1]

    yield name
    for one in given:
        couch_server.delete_database(one)


@pytest.fixture
def fresh_account(couch_server: Server) -> Iterator[Callable[..., Account]]:
    """`fresh_account("household:1")` makes an account with these roles, removed after the test."""
    accounts = _Accounts(couch_server)
    yield accounts.make
    accounts.remove()


@pytest.fixture(scope="session")
def role_account(couch_server: Server) -> Iterator[Callable[..., Account]]:
    """`role_account("worker")`: one account with these roles for all tests, since a key costs 0.2 s."""
    accounts = _Accounts(couch_server)
    yield functools.cache(accounts.make)
    accounts.remove()


class _Accounts:
    """Accounts made for tests."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.names: list[str] = []

    def make(self, *roles: str) -> Account:
        name, password = f"test-{uuid.uuid4().hex}", uuid.uuid4().hex
        self.server.put_user(name, password, roles)
        self.names.append(name)
        return Account(name, Secret(password))

    def remove(self) -> None:
        users = self.server.database("_users")
        for name in self.names:
            stored = users.find(f"org.couchdb.user:{name}")
            if stored is not None:
                users.delete(stored["_id"], stored["_rev"])
