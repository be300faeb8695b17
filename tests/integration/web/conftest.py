"""The web services as real processes, spoken to over HTTP."""

import json
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from couch.bootstrap import closed_security, ensure_database
from couch.client import Server
from couch.names import ADMINISTRATOR, ANALYST, REGISTRY, RESEARCH, RESEARCHER, WORKER
from couch.settings import Account, Endpoint

ROOT = Path(__file__).parents[3]
WITHIN_S = 120  # on a machine that is at other things, too
_SERVING = "serving on "


def survey(*arguments: object) -> list[str]:
    """The command line of `survey`, from the source tree or installed."""
    return [sys.executable, "-m", "survey", *map(str, arguments)]


class Browser:
    """A session that sends the form of the page seen last."""

    def __init__(self, base: str, pid: int) -> None:
        self.base, self.pid, self.http, self.page = base, pid, requests.Session(), ""
        self.http.trust_env = False

    def get(self, path: str) -> requests.Response:
        return self._see(self.http.get(self.base + path, timeout=WITHIN_S))

    def send(self, path: str, **values: str) -> requests.Response:
        """Send the form of the page seen last to `path`."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.page)
        assert token is not None
        form = {**values, "csrf_token": token[1]}
        return self._see(self.http.post(self.base + path, data=form, timeout=WITHIN_S))

    def _see(self, answer: requests.Response) -> requests.Response:
        self.page = answer.text
        return answer


@pytest.fixture
def serving() -> Iterator[Callable[..., Browser]]:
    """`serving("edge", "page", "--config", file)` starts a service and returns a browser at its address."""
    processes: list[subprocess.Popen[str]] = []
    browsers: list[Browser] = []

    def start(*arguments: object, **environ: str) -> Browser:
        process = subprocess.Popen(
            survey(*arguments),
            cwd=ROOT,
            env={**os.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        lines: queue.Queue[str | None] = queue.Queue()

        def read() -> None:
            assert process.stdout is not None
            with process.stdout as output:
                for line in output:
                    lines.put(line)
            lines.put(None)

        threading.Thread(target=read, daemon=True).start()
        said: list[str] = []  # warnings may come before the address
        while (line := lines.get(timeout=WITHIN_S)) is not None and _SERVING not in line:
            said.append(line)
        assert line is not None, said
        browsers.append(Browser(line.partition(_SERVING)[2].strip(), process.pid))
        return browsers[-1]

    yield start
    for browser in browsers:
        browser.http.close()
    for process in processes:
        process.terminate()
    assert [process.wait(WITHIN_S) for process in processes] == [0] * len(processes)


@pytest.fixture
def run_survey() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run a command to its end."""

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            survey(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=WITHIN_S, check=False
        )

    return run


@pytest.fixture
def invite(run_survey: Any) -> Callable[..., None]:
    """`invite(browser, config, "ada", "researcher", password=...)`: ada gets a link and sets her password."""

    def make(browser: Browser, config: Path, name: str, *roles: str, password: str) -> None:
        wanted = [word for role in roles for word in ("--role", role)]
        made = run_survey("account", "add", name, *wanted, "--config", config, "--json")
        assert made.returncode == 0, made.stderr
        path = "/link/" + json.loads(made.stdout)["link"].rpartition("/")[2]
        browser.get(path)
        assert browser.send(path, new=password, again=password).url.endswith("/sign-in?done=set")

    return make


@pytest.fixture
def start_survey() -> Callable[..., "subprocess.Popen[str]"]:
    """Start a command and go on."""

    def start(*arguments: object) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            survey(*arguments), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    return start


@pytest.fixture
def centre_toml(
    tmp_path: Path, couch_admin: Endpoint, role_account: Callable[..., Account]
) -> Callable[..., Path]:
    """`centre_toml(password=...)` writes a settings file for the centre's pages and exports.

    `threshold`: how many households have to be alike in what goes out.
    """

    def write(*, url: str = "", password: str = "", more: str = "", threshold: int = 1) -> Path:
        account = role_account("researcher", "analyst")
        file = tmp_path / "centre_web.toml"
        file.touch(0o600)
        file.write_text(
            f"""port = 0
address = "http://127.0.0.1:8090"
{more}
[couchdb]
url = "{url or couch_admin.url}"
user = "{account.user}"
password = "{password or account.password.reveal()}"
[anonymity]
threshold = {threshold}
"""
        )
        return file

    return write


@pytest.fixture
def central(couch_server: Server) -> Iterator[None]:
    """`registry` and `research` as the centre has them; removed again where they were not there before."""
    wanted = {
        REGISTRY: ("registry", (WORKER, RESEARCHER, ADMINISTRATOR)),
        RESEARCH: ("research", (WORKER, RESEARCHER, ANALYST)),
    }
    made = [name for name in wanted if not couch_server.database(name).exists()]
    for name, (kind, members) in wanted.items():
        ensure_database(couch_server, name, kind, closed_security(members))  # type: ignore[arg-type]
    yield
    for name in made:
        couch_server.delete_database(name)


def one_line(result: "subprocess.CompletedProcess[str]") -> str:
    """The single line of a command that failed as it should."""
    assert result.returncode == 2, (result.stdout, result.stderr)
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    return lines[0]


@pytest.fixture
def fault_line() -> Callable[["subprocess.CompletedProcess[str]"], str]:
    return one_line
