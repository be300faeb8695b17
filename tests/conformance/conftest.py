"""The server that the recorded conversations are held with: SURVEY_COUCHDB_URL, else an embedded node.

A CouchDB for this wants `[jwt_keys] hmac:_default` to be base64 of `conformance-key`, and the handlers of
cookies, tokens and passwords.
"""

import base64
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

PASSWORD = "pw"
STOP_WITHIN_S = 20


def _load(name: str) -> ModuleType:
    """A module beside this file: tests are no packages."""
    spec = importlib.util.spec_from_file_location(
        f"conformance_{name}", Path(__file__).with_name(f"{name}.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


conversation = _load("conversation")


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address with the administrator's credentials."""
    given = os.environ.get("SURVEY_COUCHDB_URL")
    if given:
        yield given
        return
    environment = {
        "SURVEY_ADMIN_PASSWORD": PASSWORD,
        "SURVEY_JWT_KEY": base64.b64encode(conversation.JWT_KEY).decode(),
        "SURVEY_NODE_PASSWORD_ITERATIONS": "1000",
    }
    errors = tmp_path_factory.mktemp("log") / "errors"
    with errors.open("w") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "couch.node",
                "--port",
                "0",
                "--data",
                str(tmp_path_factory.mktemp("node")),
            ],
            env={**os.environ, **environment},
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on http://"), errors.read_text()
        yield line.strip().removeprefix("listening on ").replace("://", f"://admin:{PASSWORD}@")
        process.terminate()
        assert process.wait(STOP_WITHIN_S) == 0, errors.read_text()


@pytest.fixture
def hold(server_url: str) -> Callable[[list[object]], list[str]]:
    """Hold a recorded conversation with the server; gives every difference from the record."""

    def hold_with_server(steps: list[object]) -> list[str]:
        differences: list[str] = conversation.Talk(server_url).hold(steps)
        return differences

    return hold_with_server
