"""A centre on the database under test, with a certificate authority; and a door that speaks TLS."""

import json
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from flask import Flask

from couch.bundle import Bundle, read_bundle
from couch.centre_settings import CentreSettings, load_centre_settings
from couch.client import Database, Server
from couch.names import household_database
from couch.settings import Endpoint, Secret
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.creation import create_authority
from provisioning.device_commands import device as device_commands
from provisioning.enrolment_service import opened_enrolment
from provisioning.household_commands import household as household_commands
from webapp import access
from webapp.enrolment.endpoints import enrolment_blueprint
from webapp.enrolment.services import EnrolmentServices

PASSPHRASE = Secret("correct horse battery staple")
PROXY_SECRET = b"a secret between the listener and the pages"

HOME = """
[contact]
name = "Ada Example"
email = "ada@example.org"
[address]
street = "Musterweg"
postal_code = "24103"
city = "Kiel"
[metadata]
children = 1
adults = 2
adults_with_job = 2
ev_charger = true
heat_pump = false
home_battery = true
[location]
latitude = 54.3233
longitude = 10.1228
[[devices]]
name = "cellar"
[[meters]]
name = "grid"
device = "cellar"
meter_type = "ELECTRICITY"
model = "MT175"
head = "sim://grid?seed=1"
"""


@dataclass
class TestCentre:
    """A centre whose commands are called as on a command line."""

    __test__ = False
    folder: Path
    admin: Server
    worker: Server
    config: Path
    households: list[str] = field(default_factory=list)

    @property
    def ca(self) -> Path:
        return self.folder / "ca"

    def settings(self, **environ: str) -> CentreSettings:
        return load_centre_settings(self.config, environ)

    def run(self, group: Any, *arguments: str, **environ: str) -> Any:
        """The JSON that a command answers."""
        result = CliRunner().invoke(
            group, [*arguments, "--config", str(self.config), "--json"], catch_exceptions=False, env=environ
        )
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    def add_household(self, file: Path, *options: str) -> Any:
        told = self.run(household_commands, "add", str(file), *options)
        self.households.append(told["household"])
        return told

    def device(self, *arguments: str, **environ: str) -> Any:
        return self.run(device_commands, *arguments, **environ)

    def database(self, household: str) -> Database:
        return self.worker.database(household_database(household))

    def home(self, text: str = HOME) -> Path:
        """A new household's file, in a folder of its own."""
        file = self.folder / uuid.uuid4().hex / "home.toml"
        file.parent.mkdir()
        file.write_text(text)
        return file

    def invited(self) -> tuple[Bundle, Path]:
        """A new household's device: its bundle, read and as a file."""
        (device,) = self.add_household(self.home())["devices"]
        return read_bundle(Path(device["bundle"])), Path(device["bundle"])

    def tidy_up(self) -> None:
        for household in self.households:
            self.admin.delete_database(household_database(household))


@pytest.fixture(scope="module")
def centre(
    couch_admin: Endpoint, role_account: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestCentre]:
    folder = tmp_path_factory.mktemp("centre")
    create_authority(folder / "ca", PASSPHRASE, PASSPHRASE)
    worker = role_account("worker")
    config = folder / "centre.toml"
    config.write_text(
        f'url = "{couch_admin.url}"\ndevice_url = "https://localhost:6984"\npseudonym_key = "key"\n'
        f'[admin]\nuser = "{couch_admin.user}"\npassword = "{couch_admin.password.reveal()}"\n'
        f'[worker]\nuser = "{worker.user}"\npassword = "{worker.password.reveal()}"\n'
    )
    config.chmod(0o600)
    with (
        couch_admin.server() as admin,
        Server(couch_admin.url, user=worker.user, password=worker.password.reveal()) as as_worker,
    ):
        made = TestCentre(folder, admin, as_worker, config)
        yield made
        made.tidy_up()


def server_files(authority: IssuingAuthority, folder: Path, name: str = "localhost") -> tuple[Path, Path]:
    """A server's certificate with chain, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())
    certificate_file, key_file = folder / f"{uuid.uuid4()}.pem", folder / f"{uuid.uuid4()}.key"
    certificate_file.write_text(authority.issue_server(request.public_bytes(Encoding.PEM), [name]))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate_file, key_file


@pytest.fixture(name="server_files")
def files_of_server(tmp_path: Path) -> Any:
    """`server_files(authority)`: as above, in the test's folder."""
    return lambda authority, name="localhost": server_files(authority, tmp_path, name)


class Door:
    """TLS in front of a WSGI app, as nginx or the embedded node's listener stand there.

    `fail` is asked before and after each request is answered; True drops the connection without an answer.
    """

    def __init__(self, app: Flask, context: ssl.SSLContext, *, secret: bytes = PROXY_SECRET) -> None:
        self.app, self.secret = app, secret
        self.seen: list[tuple[str, int]] = []
        self.fail: Callable[[str, str], bool] = lambda _moment, _path: False
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                door.answer(self)

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # refused handshakes
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.port = int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        if self.fail("before", request.path):
            request.close_connection = True
            return
        der = request.connection.getpeercert(binary_form=True)  # type: ignore[attr-defined]
        shown = {} if not der else {"X-Survey-Client-Cert": quote(ssl.DER_cert_to_PEM_cert(der))}
        answer = self.app.test_client().post(
            request.path,
            data=body,
            content_type=request.headers["Content-Type"],
            headers={"X-Survey-Proxy-Secret": self.secret.decode(), **shown},
        )
        self.seen.append((request.path, answer.status_code))
        if self.fail("after", request.path):
            request.close_connection = True
            return
        request.send_response(answer.status_code)
        for name, value in answer.headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(answer.data)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def tls_context(certificate: Path, key: Path, devices: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(devices)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def enrolment_app(enrolment: Any) -> Flask:
    """The three endpoints over an enrolment, as the front door wires them."""
    services = EnrolmentServices(
        enrol=enrolment.enrol,
        renew=enrolment.renew,
        come_back=enrolment.come_back,
        proxy_secret=PROXY_SECRET,
    )
    app = Flask("enrolment")
    app.before_request(access.check)
    app.register_blueprint(enrolment_blueprint(services))
    return app


@pytest.fixture
def app_of() -> Any:
    return enrolment_app


@pytest.fixture
def enrolment(centre: TestCentre) -> Iterator[Any]:
    environ = {"SURVEY_CA_PASSPHRASE": PASSPHRASE.reveal()}
    with opened_enrolment(centre.settings(), environ) as opened:
        yield opened


@pytest.fixture
def door(centre: TestCentre, enrolment: Any, tmp_path: Path) -> Iterator[Door]:
    with IssuingAuthority(centre.ca, PASSPHRASE) as authority:
        certificate, key = server_files(authority, tmp_path)
    made = Door(enrolment_app(enrolment), tls_context(certificate, key, centre.ca / "trust.pem"))
    yield made
    made.close()


@pytest.fixture
def make_door(centre: TestCentre, enrolment: Any, tmp_path: Path) -> Iterator[Any]:
    """`make_door(authority, name)`: a door with another certificate."""
    made: list[Door] = []

    def make(authority: IssuingAuthority, name: str = "localhost") -> Door:
        certificate, key = server_files(authority, tmp_path, name)
        made.append(Door(enrolment_app(enrolment), tls_context(certificate, key, centre.ca / "trust.pem")))
        return made[-1]

    yield make
    for each in made:
        each.close()
