"""Both doors: the embedded node's own TLS listener, and nginx in front of the database under test."""

import base64
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Flask, Response, request
from waitress.server import create_server

from couch.client import Server
from webapp import access
from webapp.gateway.blueprint import gateway_blueprint

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from gateway_world import JWT_KEY, PASSWORD, Centre, Loop, Survey, node_settings, tls_settings
from nginx_process import Nginx

SECRET = "the-secret-of-the-proxy-in-these-tests"
"""What the pages know both doors by."""


@pytest.fixture(scope="session")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survey]:
    made = Survey(tmp_path_factory.mktemp("survey"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    running = Loop()
    yield running
    running.close()


class Pages:
    """The process behind the doors: tells what it was asked, and judges for nginx where it can."""

    def __init__(self) -> None:
        self.app = Flask("pages")
        self.app.before_request(access.check)
        self.app.add_url_rule(
            "/<path:_path>", "echo", access.public(_echo), methods=["GET", "POST", "PUT", "DELETE", "PATCH"]
        )
        self._server = create_server(
            self._serve,
            host="127.0.0.1",
            port=0,
            threads=4,
            ident=None,
            clear_untrusted_proxy_headers=False,  # the tests look at what the doors send
        )
        self.port = int(self._server.effective_port)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def _serve(self, environ: WSGIEnvironment, start_response: StartResponse):
        return self.app(environ, start_response)

    def close(self) -> None:
        self._server.close()
        self._thread.join(10)


def _echo(_path: str) -> Response:
    body = {
        "headers": dict(request.headers),
        "body": request.get_data(as_text=True),
        "method": request.method,
    }
    return Response(json.dumps(body), content_type="application/json", headers={"X-Hidden": "x"})


@pytest.fixture(scope="session")
def pages() -> Iterator[Pages]:
    running = Pages()
    yield running
    running.close()


@pytest.fixture(scope="session")
def embedded(
    survey: Survey, loop: Loop, pages: Pages, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Centre]:
    """A node with a listener for devices."""
    tls = tls_settings(survey, upstream=f"http://127.0.0.1:{pages.port}", proxy_secret=type(JWT_KEY)(SECRET))
    settings = node_settings(tmp_path_factory.mktemp("centre"), tls=tls)
    with loop.node(settings, survey.gatekeeper) as node, _admin(node.url) as admin:
        assert node.tls_url is not None
        yield Centre(survey, admin, int(node.tls_url.rpartition(":")[2]))


@pytest.fixture(scope="session")
def behind_nginx(survey: Survey, loop: Loop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """nginx before the CouchDB that SURVEY_COUCHDB_URL names (SURVEY_JWT_KEY: its key), or before a node."""
    if shutil.which("nginx") is None and not Path("/usr/sbin/nginx").exists():
        pytest.skip("needs the Debian package nginx-light")
    couchdb, key = os.environ.get("SURVEY_COUCHDB_URL"), os.environ.get("SURVEY_JWT_KEY")
    if couchdb and key:
        with Server(couchdb) as admin:
            yield from _nginx(survey, admin, couchdb, key, tmp_path_factory.mktemp("nginx"))
        return
    with loop.node(node_settings(tmp_path_factory.mktemp("database"))) as node, _admin(node.url) as admin:
        url = node.url.replace("//", f"//admin:{PASSWORD}@")
        yield from _nginx(survey, admin, url, JWT_KEY.reveal(), tmp_path_factory.mktemp("nginx"))


def _nginx(survey: Survey, admin: Server, url: str, key: str, folder: Path) -> Iterator[Centre]:
    pages = Pages()
    user, _, password = url.partition("//")[2].rpartition("@")[0].partition(":")
    gateway = survey.gateway(admin.url, user, password, base64.b64decode(key))
    pages.app.register_blueprint(gateway_blueprint(gateway.authorize, SECRET.encode()))
    nginx = Nginx(survey, folder, couchdb=admin.url.partition("//")[2], pages=pages.port, secret=SECRET)
    try:
        yield Centre(survey, admin, nginx.port)
    finally:
        nginx.close()
        pages.close()


def _admin(url: str) -> Server:
    return Server(url, user="admin", password=PASSWORD)


@pytest.fixture(params=["embedded", pytest.param("behind_nginx", marks=pytest.mark.debian)])
def centre(request: pytest.FixtureRequest) -> Centre:
    """A centre behind each of the two doors."""
    found: Centre = request.getfixturevalue(request.param)
    return found
