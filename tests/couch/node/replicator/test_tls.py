"""Peers over TLS: whom the replicator trusts and what it shows of itself."""

import asyncio
import datetime
import os
import ssl
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from couch.node.replicator.endpoint import Endpoint
from couch.node.replicator.failures import ReplicationFailed
from couch.node.replicator.link import Link
from couch.node.replicator.options import ReplicatorOptions
from couch.node.replicator.peer import Peer
from couch.node.replicator.tls import TlsIdentity


class Authority:
    """A certificate authority that writes PEM files into a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key, authority=True)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        cert_file, key_file = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        cert_file.write_bytes(self._sign(subject, key).public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return cert_file, key_file

    def _sign(self, subject, key, *, authority=False):
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )


async def ask(authority: Authority, options: ReplicatorOptions) -> str:
    """The sequence that a server tells which wants a certificate of `authority`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.file))
    context.load_cert_chain(*authority.issue("server"))
    context.verify_mode = ssl.CERT_REQUIRED

    async def info(request: web.Request) -> web.Response:
        subject = dict(part[0] for part in request.transport.get_extra_info("peercert")["subject"])
        return web.json_response({"update_seq": subject["commonName"], "instance_start_time": "0"})

    app = web.Application()
    app.router.add_get("/a/", info)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        async with aiohttp.ClientSession() as http:
            endpoint = Endpoint(f"https://localhost:{runner.addresses[0][1]}/a/")
            tls = TlsIdentity(options)
            link = Link(endpoint, http, tls, timeout_s=5, retries=0, retry_wait_s=0)
            return str((await Peer(link).info()).update_seq)
    finally:
        await runner.cleanup()


def test_the_replicator_shows_its_certificate(tmp_path):
    authority = Authority(tmp_path, "ca")
    cert_file, key_file = authority.issue("device")
    options = ReplicatorOptions(cert_file=cert_file, key_file=key_file, ssl_ca=authority.file)
    assert asyncio.run(ask(authority, options)) == "device"


def test_a_peer_of_an_unknown_authority_is_not_trusted(tmp_path):
    authority = Authority(tmp_path, "ca")
    cert_file, key_file = authority.issue("device")
    with pytest.raises(ReplicationFailed, match="http_request_failed"):
        asyncio.run(ask(authority, ReplicatorOptions(cert_file=cert_file, key_file=key_file)))


def test_a_missing_certificate_file_is_named(tmp_path):
    options = ReplicatorOptions(cert_file=tmp_path / "none.pem", key_file=tmp_path / "none.key")
    with pytest.raises(ReplicationFailed, match=r"none\.pem"):
        TlsIdentity(options).context()


def test_a_renewed_certificate_is_taken_up(tmp_path):
    authority = Authority(tmp_path, "ca")
    cert_file, key_file = authority.issue("device")
    tls = TlsIdentity(ReplicatorOptions(cert_file=cert_file, key_file=key_file))
    first = tls.context()
    assert tls.context() is first
    authority.issue("device")
    os.utime(cert_file, (1, 1))
    assert tls.context() is not first
