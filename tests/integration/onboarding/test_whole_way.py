"""From `survey household add` to a measurement at the centre, over the embedded node's door for devices."""

import asyncio
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import msgspec
import pytest
from waitress.server import create_server

from couch.bootstrap import raise_consent
from couch.bundle import bundle_text
from couch.client import Server
from couch.documents import Author, Consent, ConsentState, Measurement, Reading, TimeProvenance
from couch.errors import CouchError, Refused
from couch.node.service import RunningNode, start_node
from couch.node.settings import NodeSettings, ReplicatorSettings, TlsSettings
from couch.secret import Secret
from edge import replica
from edge.centre_identity import CentreIdentity
from edge.data_transmitter import DataTransmitter
from edge.enrolment_client import EnrolmentClient
from edge.joining import join
from edge.links import Links
from edge.settings import DeviceSettings, load_settings
from provisioning.ca.authority import IssuingAuthority
from provisioning.enrolment_service import opened_enrolment
from webapp.connections import PerThread
from webapp.gateway.gateway import Gateway
from webapp.gateway.standing import Standings
from webapp.gateway.tokens import Mint

PASSPHRASE = Secret("correct horse battery staple")
PROXY_SECRET = "a secret between the listener and the pages"
JWT_KEY = "a2V5IG9mIHRoZXNlIHRlc3RzLCB3aGljaCBpcyBsb25nIGVub3VnaA=="
PASSWORD = "pw"
WITHIN_S = 60.0


@contextmanager
def event_loop() -> Iterator[Any]:
    """`do(coroutine)`: its result, from a loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(WITHIN_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WITHIN_S)
        loop.close()


@pytest.fixture
def do() -> Iterator[Any]:
    with event_loop() as run:
        yield run


@contextmanager
def pages(app: Any) -> Iterator[str]:
    """The address of a process that serves `app`."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        return app(environ, start_response)

    server = create_server(serve, host="127.0.0.1", port=0, threads=2, ident=None)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(10)


class Central:
    """The centre's node with its door; commands as in conftest, on this node's own databases."""

    def __init__(self, node: RunningNode, centre: Any) -> None:
        self.node, self.centre = node, centre
        assert node.tls_url is not None
        self.door = f"https://localhost:{node.tls_url.rpartition(':')[2]}"


@pytest.fixture
def central(centre: Any, do: Any, app_of: Any, server_files: Any, tmp_path: Path) -> Iterator[Any]:
    with IssuingAuthority(centre.ca, PASSPHRASE) as authority:
        certificate, key = server_files(authority)
        folder = tmp_path / "central"
        # The node's address is known once it runs, and the pages' before: so the pages look it up when asked.
        known: dict[str, Any] = {}

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Any:
            return known["app"](environ, start_response)

        with pages(app) as upstream:
            settings = NodeSettings(
                admin_password=Secret(PASSWORD),
                data=str(folder),
                port=0,
                jwt_key=Secret(JWT_KEY),
                password_iterations=1000,
                js_workers=1,
                tls=TlsSettings(
                    certificate_file=str(certificate),
                    key_file=str(key),
                    devices_ca_file=str(centre.ca / "trust.pem"),
                    port=0,
                    upstream=upstream,
                    proxy_secret=Secret(PROXY_SECRET),
                ),
            )

            def gatekeeper(own: NodeSettings, url: str) -> Any:
                secret = own.jwt_secret()
                assert secret is not None
                with_worker = PerThread(lambda: Server(url, user="admin", password=PASSWORD))
                standings = Standings(
                    verdict=lambda facts: authority.records.judge(facts).value,
                    security=lambda household: with_worker().database(f"household-{household}").security(),
                    kept_s=0.0,  # a test need not wait for what is remembered
                )
                gateway = Gateway(standings, Mint(secret))
                return gateway.authorize

            node = do(start_node(settings, gatekeeper))
            try:
                with Server(node.url, user="admin", password=PASSWORD) as admin:
                    admin.create_database("_users")
                    admin.put_user("worker", "a worker's password", ["worker"])
                    here = moved_centre(centre, node.url, folder)
                    with opened_enrolment(
                        here.settings(), {"SURVEY_CA_PASSPHRASE": PASSPHRASE.reveal()}
                    ) as enrolment:
                        known["app"] = app_of(enrolment)
                        yield Central(node, here)
            finally:
                do(node.close())


def moved_centre(centre: Any, url: str, folder: Path) -> Any:
    """The centre of conftest, moved to the node at `url`."""
    config = folder / "centre.toml"
    config.write_text(
        f'url = "{url}"\ndevice_url = "https://localhost:6984"\npseudonym_key = "key"\n'
        f'ca_folder = "{centre.ca}"\n[admin]\nuser = "admin"\npassword = "{PASSWORD}"\n'
        '[worker]\nuser = "worker"\npassword = "a worker\'s password"\n'
    )
    config.chmod(0o600)
    admin = Server(url, user="admin", password=PASSWORD)
    worker = Server(url, user="worker", password="a worker's password")
    return type(centre)(centre.folder, admin, worker, config)


def node_of(folder: Path) -> NodeSettings:
    """What `survey node --config node.toml` reads, on a free port and quick for a test."""
    table = tomllib.loads((folder / "node.toml").read_text())
    return NodeSettings(
        admin_password=Secret(table["admin_password"]),
        data=table["data"],
        port=0,
        password_iterations=1000,
        js_workers=1,
        replicator=ReplicatorSettings(**table["replicator"]),
    )


def test_a_device_that_joined_replicates_until_it_is_revoked(central: Any, do: Any, tmp_path: Path) -> None:
    bundle, _ = central.centre.invited()
    file, folder = tmp_path / "bundle.toml", tmp_path / "device"
    file.write_text(bundle_text(msgspec.structs.replace(bundle, centre_url=central.door)))
    join(file, folder)
    node = do(start_node(node_of(folder)))
    try:
        settings = load_settings(folder / "device.toml", {"SURVEY_EDGE_LOCAL__URL": node.url})
        links = Links(settings)
        replica.init(links)
        transmitter = DataTransmitter(links)
        agent, page = links.replica(settings.local.agent), links.replica(settings.local.page)
        assert transmitter.pull().failures == 0
        assert agent.get("registration")["contact"]["email"] == "ada@example.org"

        now = datetime.now(UTC).replace(microsecond=0)
        by = Author(role="participant", device=bundle.device)
        page.put(Consent(state="granted", at=now, by=by).to_json())
        transmitter.push(ConsentState.GRANTED)
        central_database = central.centre.database(bundle.household)
        assert central_database.find("consent:granted") is not None
        raise_consent(central.centre.admin.database(central_database.name), ConsentState.GRANTED)
        raise_consent(links.replica(settings.local.admin), ConsentState.GRANTED)
        measurement = Measurement(
            meter=bundle.meters[0].meter,
            measured_at=now,
            slot=datetime(2026, 3, 1, tzinfo=UTC),
            device=bundle.device,
            data=(Reading(obis="0100010800ff", value=1, scaler=0, unit="Wh"),),
            time=TimeProvenance(source="synchronized"),
        )
        agent.put(measurement.to_json())
        await_true(
            lambda: transmitter.push(ConsentState.GRANTED).measurements, "the centre's showing the grant"
        )
        assert central_database.find(measurement.id) is not None

        old = load_identity(folder).facts()
        renew(central.door, folder, settings)
        with IssuingAuthority(central.centre.ca, PASSPHRASE) as authority:
            authority.revoke(serial=old.serial, reason="superseded")
        assert transmitter.pull().failures == 0, "both our requests and the node's show the new certificate"

        began = datetime.now(UTC)
        central.centre.device("revoke", bundle.device)
        await_true(lambda: is_refused(transmitter), "the refusal of the revoked device")
        assert datetime.now(UTC) - began < timedelta(minutes=1)
    finally:
        do(node.close())


def load_identity(folder: Path) -> CentreIdentity:
    return CentreIdentity(folder / "ca.pem", folder / "device.pem", folder / "device.key")


def renew(door: str, folder: Path, settings: DeviceSettings) -> None:
    identity = load_identity(folder)
    key = identity.load_key()
    chain = EnrolmentClient(door, identity).renew(key)
    identity.take(chain, key, device=settings.device, household=settings.household)


def is_refused(transmitter: DataTransmitter) -> bool:
    """Whether the connection that was open before the revocation is refused."""
    try:
        transmitter.pull()
    except Refused:
        return True
    except CouchError:
        return False
    return False


def await_true(look: Any, what: str) -> None:
    """Look again until it is so: what the gateway remembers for some seconds has no event to wait for."""
    stop = threading.Event()
    deadline = datetime.now(UTC) + timedelta(seconds=WITHIN_S)
    while not look():
        assert datetime.now(UTC) < deadline, f"{what} did not come within {WITHIN_S} s"
        stop.wait(0.25)
