"""A survey in small: certificate authority, devices with certificates, nodes that run beside the tests."""

import asyncio
import socket
import ssl
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from couch.bootstrap import ensure_database, household_security, raise_consent
from couch.client import Database, Server
from couch.documents import ConsentState
from couch.names import SCOPES, household_database
from couch.node.service import Gatekeeper, RunningNode, start_node
from couch.node.settings import NodeSettings, ReplicatorSettings, TlsSettings
from couch.secret import Secret
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.creation import create_authority
from provisioning.ca.keys import bare, new_key
from webapp.gateway.gateway import Gateway, open_gateway

HOST = "localhost"
EMAIL = "ada@example.org"
PASSWORD = "pw"
JWT_KEY = Secret("a2V5IG9mIHRoZXNlIHRlc3RzLCB3aGljaCBpcyBsb25nIGVub3VnaA==")
WITHIN_S = 30.0
_PASSPHRASE, _ROOT_PASSPHRASE = (Secret(f"{kind} pass phrase of these tests") for kind in ("a", "another"))


class Loop:
    """An event loop in a thread, for nodes beside the tests' own blocking calls."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WITHIN_S)

    def close(self) -> None:
        self.do(self._end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WITHIN_S)
        self._loop.close()

    async def _end_tasks(self) -> None:
        """As asyncio.run does."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @contextmanager
    def node(self, settings: NodeSettings, gatekeeper: Gatekeeper | None = None) -> Iterator[RunningNode]:
        running = self.do(start_node(settings, gatekeeper))
        try:
            yield running
        finally:
            self.do(running.close())


@dataclass(frozen=True)
class Identity:
    """A device with its certificate (chain) and key, as files."""

    device: str
    household: str
    certificate: Path
    key: Path

    @property
    def pair(self) -> tuple[str, str]:
        return str(self.certificate), str(self.key)

    @property
    def serial(self) -> str:
        return f"{x509.load_pem_x509_certificate(self.certificate.read_bytes()).serial_number:x}"


class Survey:
    """The authority and what it gave out, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.ca = create_authority(folder / "ca", _PASSPHRASE, _ROOT_PASSPHRASE)
        self.authority = IssuingAuthority(self.ca.path, _PASSPHRASE)
        self.server_certificate, self.server_key = self.write(
            "server", lambda csr: self.authority.issue_server(csr, [HOST])
        )

    def write(self, name: str, issue: Callable[[str], str]) -> tuple[Path, Path]:
        """A new key and what `issue` makes of its signing request, as files."""
        key = new_key()
        csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())
        certificate_file, key_file = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        certificate_file.write_text(issue(csr.public_bytes(Encoding.PEM).decode()))
        key_file.write_text(bare(key))
        key_file.chmod(0o600)
        return certificate_file, key_file

    def identity(self, household: str, *, scopes: Any = SCOPES, farewell: bool = False) -> Identity:
        """A new device of `household`."""
        device = str(uuid.uuid4())

        def issue(csr: str) -> str:
            if farewell:
                return self.authority.issue_farewell(csr, device, household, erased=True)
            return self.authority.issue_device(csr, device, household, EMAIL, scopes)

        return Identity(device, household, *self.write(f"device-{device}", issue))

    def gateway(self, url: str, user: str, password: str, key: bytes) -> Gateway:
        """The decision in front of the database at `url`."""
        records = self.authority.records
        return open_gateway(
            lambda: Server(url, user=user, password=password), key, lambda facts: records.judge(facts).value
        )

    def gatekeeper(self, settings: NodeSettings, url: str) -> Any:
        """As the front door hands it to a node."""
        key = settings.jwt_secret()
        assert key is not None
        return self.gateway(url, "admin", settings.admin_password.reveal(), key).authorize

    def close(self) -> None:
        self.authority.close()


def node_settings(folder: Path, **more: Any) -> NodeSettings:
    """Of a node on a free port."""
    settings = NodeSettings(
        admin_password=Secret(PASSWORD),
        data=str(folder),
        port=0,
        jwt_key=JWT_KEY,
        password_iterations=1000,
        js_workers=1,
    )
    return msgspec.structs.replace(settings, **more)


def tls_settings(survey: Survey, **more: Any) -> TlsSettings:
    """Of a listener for the survey's devices on a free port."""
    settings = TlsSettings(
        certificate_file=str(survey.server_certificate),
        key_file=str(survey.server_key),
        devices_ca_file=str(survey.ca.trust),
        port=0,
    )
    return msgspec.structs.replace(settings, **more)


def replicator_settings(survey: Survey, identity: Identity) -> ReplicatorSettings:
    """Of a device's node: its certificate, and whom it trusts."""
    certificate, key = identity.pair
    return ReplicatorSettings(cert_file=certificate, key_file=key, ssl_ca=str(survey.ca.root_certificate))


@dataclass
class Centre:
    """A centre behind a door: `port` of the door; `admin` reaches the database past it."""

    survey: Survey
    admin: Server
    port: int

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}"

    def household(self, state: ConsentState = ConsentState.GRANTED) -> Database:
        """A new household with its database; the name's end is its uuid."""
        household = str(uuid.uuid4())
        security = household_security(household)
        database = ensure_database(self.admin, household_database(household), "household", security)
        raise_consent(database, state)
        return database

    def server(self, identity: Identity) -> Server:
        """The door, as a device."""
        root = str(self.survey.ca.root_certificate)
        return Server(self.url, cert=identity.pair, verify=root, timeout_s=WITHIN_S)

    def send(self, text: bytes, identity: Identity | None = None, *, within_s: float = 10.0) -> bytes:
        """What the door answers to these very bytes, until it closes the connection or falls silent."""
        with self.connect(identity) as connection:
            connection.settimeout(within_s)
            connection.sendall(text)
            return read_all(connection)

    def connect(
        self, identity: Identity | None = None, context: ssl.SSLContext | None = None
    ) -> ssl.SSLSocket:
        context = context or ssl.create_default_context(cafile=str(self.survey.ca.root_certificate))
        if identity is not None:
            context.load_cert_chain(*identity.pair)
        plain = socket.create_connection(("127.0.0.1", self.port), WITHIN_S)
        try:
            return context.wrap_socket(plain, server_hostname=HOST)
        except BaseException:
            plain.close()
            raise


def read_all(connection: ssl.SSLSocket) -> bytes:
    got = b""
    try:
        while part := connection.recv(65536):
            got += part
    except (OSError, ssl.SSLError):  # closed without goodbye, or silent for too long
        return got
    return got


def uuid_of(database: Database) -> str:
    return database.name.removeprefix("household-")
