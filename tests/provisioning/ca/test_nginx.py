"""Debian's nginx before our certificates: whom it lets in, over TLS 1.2 and 1.3."""

import http.client
import os
import select
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from couch.certificate import read_certificate
from couch.private_files import write_private
from couch.secret import Secret
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.creation import create_authority
from provisioning.ca.keys import bare, new_key, open_bare
from provisioning.ca.rotation import rotate
from provisioning.ca.server_identity import server_request
from provisioning.ca.signing_request import new_signing_request

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = [
    pytest.mark.debian,
    pytest.mark.skipif(NGINX is None, reason="needs the Debian package nginx-light"),
]
DEVICE = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c01"
HOUSEHOLD = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c02"
ERASED = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c04"
PHRASE = Secret("correct horse battery staple")
CONFIGURATION = """
pid {place}/nginx.pid;
error_log {place}/error.log info;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    server {{
        listen unix:{place}/s ssl;
        ssl_certificate {place}/server/chain.pem;
        ssl_certificate_key {place}/server/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_client_certificate {place}/ca/trust.pem;
        ssl_crl {place}/ca/crl.pem;
        ssl_verify_client on;
        ssl_verify_depth 2;
        location / {{ return 200 "$ssl_client_verify $ssl_client_serial"; }}
    }}
}}
"""


class Centre:
    """A running nginx and devices' identities by name, each a folder with key.pem and chain.pem."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def ask(self, who: str | None, version: ssl.TLSVersion) -> tuple[int, str]:
        """Status and body for one request as the device `who`, or as nobody."""
        context = ssl.create_default_context(cafile=self.place / "ca" / "root.pem")
        context.minimum_version = context.maximum_version = version
        if who is not None:
            context.load_cert_chain(self.place / who / "chain.pem", self.place / who / "key.pem")
        with socket.socket(socket.AF_UNIX) as plain:
            plain.settimeout(10)
            plain.connect(str(self.place / "s"))
            with context.wrap_socket(plain, server_hostname="centre.example.org") as secured:
                secured.sendall(b"GET / HTTP/1.1\r\nHost: centre.example.org\r\nConnection: close\r\n\r\n")
                answer = http.client.HTTPResponse(secured)
                answer.begin()
                return answer.status, answer.read().decode()


def identity(place: Path, name: str) -> bytes:
    """A fresh key in its folder; its signing request."""
    write_private(place / name / "key.pem", bare(new_key()))
    return new_signing_request(open_bare(place / name / "key.pem"))


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """Everybody who may come, before one nginx."""
    place = tmp_path_factory.mktemp("n")
    earlier = datetime.now(UTC) - timedelta(days=100)

    def then() -> datetime:
        return earlier

    create_authority(place / "ca", PHRASE, PHRASE, now=then)
    with IssuingAuthority(place / "ca", PHRASE, now=then) as past:
        expired = past.issue_device(identity(place, "expired"), DEVICE, HOUSEHOLD, "ada@example.org")
        write_private(place / "expired" / "chain.pem", expired)
    with IssuingAuthority(place / "ca", PHRASE) as authority:
        for name in ("good", "revoked"):
            chain = authority.issue_device(identity(place, name), DEVICE, HOUSEHOLD, "ada@example.org")
            write_private(place / name / "chain.pem", chain)
            if name == "revoked":
                authority.revoke(serial=read_certificate(chain.encode()).serial)
        farewell = authority.issue_farewell(identity(place, "farewell"), DEVICE, ERASED, erased=True)
        write_private(place / "farewell" / "chain.pem", farewell)
        server = authority.issue_server(server_request(place / "server"), ["centre.example.org"])
        write_private(place / "server" / "chain.pem", server)
        rotate(place / "ca", PHRASE, PHRASE, notice=timedelta(0))
        renewed = authority.issue_device(identity(place, "renewed"), DEVICE, HOUSEHOLD, "ada@example.org")
        write_private(place / "renewed" / "chain.pem", renewed)
    create_authority(place / "other-ca", PHRASE, PHRASE)
    with IssuingAuthority(place / "other-ca", PHRASE) as other:
        foreign = other.issue_device(identity(place, "foreign"), DEVICE, HOUSEHOLD, "ada@example.org")
        write_private(place / "foreign" / "chain.pem", foreign)
    (place / "nginx.conf").write_text(CONFIGURATION.format(place=place))
    # It comes back once it listens, and leaves a process behind whose id stands in nginx.pid.
    subprocess.run([str(NGINX), "-p", place, "-c", place / "nginx.conf"], check=True, timeout=30)
    watched = os.pidfd_open(pid := int((place / "nginx.pid").read_text()))
    try:
        yield Centre(place)
    finally:
        os.kill(pid, signal.SIGTERM)
        assert select.select([watched], [], [], 30)[0]
        os.close(watched)


versions = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])


@versions
@pytest.mark.parametrize("who", ["good", "renewed", "farewell"])
def test_our_devices_are_let_in(centre: Centre, who: str, version: ssl.TLSVersion) -> None:
    serial = read_certificate((centre.place / who / "chain.pem").read_bytes()).serial
    assert centre.ask(who, version) == (200, f"SUCCESS {serial.upper()}")


@versions
@pytest.mark.parametrize("who", ["revoked", "expired", "foreign", "server", None])
def test_nobody_else_is(centre: Centre, who: str | None, version: ssl.TLSVersion) -> None:
    status, body = centre.ask(who, version)
    assert status == 400
    assert "certificate" in body
