"""The engine of the simulated survey: an embedded node of its own that can be killed and comes back."""

import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from couch.client import Server
from couch.settings import Endpoint, Secret

_ANSWERS_WITHIN_S = 30.0


@dataclass
class Engine:
    """A node on a port of its own. `kills` counts how often its power failed."""

    data: Path
    port: int
    password: str = field(default_factory=lambda: uuid.uuid4().hex)
    kills: int = 0

    def start(self) -> None:
        """Start it; returns once it says that it listens."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "couch.node", "--port", str(self.port), "--data", str(self.data)],
            env={**os.environ, "SURVEY_ADMIN_PASSWORD": self.password},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith("listening on")

    def crash(self) -> None:
        """The power fails, and comes back."""
        self._process.kill()
        self._end()
        self.kills += 1
        self.start()

    def stop(self) -> None:
        self._process.terminate()
        self._end()

    def _end(self) -> None:
        assert self._process.stdout is not None
        self._process.wait(_ANSWERS_WITHIN_S)
        self._process.stdout.close()


@pytest.fixture(scope="session")
def engine(couch_data: Path | None) -> Iterator[Engine | None]:
    """None where SURVEY_COUCHDB_URL names a CouchDB, which is not ours to kill."""
    if os.environ.get("SURVEY_COUCHDB_URL"):
        yield None
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    assert couch_data is not None
    engine = Engine(couch_data / "survey", port)
    engine.start()
    yield engine
    engine.stop()


@pytest.fixture(scope="session")
def survey_admin(engine: Engine | None, request: pytest.FixtureRequest) -> Endpoint:
    """Address and administrator of the engine."""
    if engine is None:
        admin: Endpoint = request.getfixturevalue("couch_admin")
        return admin
    endpoint = Endpoint(f"http://127.0.0.1:{engine.port}", "admin", Secret(engine.password))
    with Server(endpoint.url, user="admin", password=engine.password) as server:
        for name in ("_users", "_replicator"):
            server.create_database(name)
    return endpoint


@pytest.fixture(scope="session")
def power_failure(engine: Engine | None) -> Callable[[], None] | None:
    """Kills the engine and starts it again; None where it is not ours."""
    return None if engine is None else engine.crash
