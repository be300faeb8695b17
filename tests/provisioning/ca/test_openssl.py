"""Another program's opinion: `openssl verify` with its strictest checks and every list asked."""

import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from couch.certificate import read_certificate, serial_text
from couch.secret import Secret
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.creation import create_authority
from provisioning.ca.keys import new_key
from provisioning.ca.names import dns_names
from provisioning.ca.profile import (
    Signer,
    Validity,
    issuer_key_identifier,
    issuing_certificate,
    pem,
    server_certificate,
)
from provisioning.ca.publication import certificate_of, issuing_signer
from provisioning.ca.rotation import revoke_issuing, rotate

pytestmark = [
    pytest.mark.debian,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the Debian package openssl"),
]
DEVICE = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c01"
HOUSEHOLD = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c02"
NONE = timedelta(0)
Verify = Callable[..., str]


@pytest.fixture
def verify(folder: Path, tmp_path: Path, time: Any) -> Verify:
    """What openssl says about a chain at the test's time: "OK", or its errors."""

    def verified(chain: str, *more: str, at: datetime | None = None) -> str:
        file = tmp_path / "chain.pem"
        file.write_text(chain)
        command = ["openssl", "verify", "-x509_strict", "-crl_check_all", "-purpose", "sslclient"]
        command += ["-attime", str(int((at or time()).timestamp()))]
        # The root alone is trusted; the issuing authority comes with the chain, as in a TLS handshake.
        command += ["-CAfile", folder / "root.pem", "-CRLfile", folder / "crl.pem", "-untrusted", file]
        told = subprocess.run([*command, *more, file], capture_output=True, text=True, check=False)
        return "OK" if told.returncode == 0 and told.stdout.endswith(": OK\n") else told.stderr

    return verified


def test_a_device_certificate_passes(issue: Callable[..., str], verify: Verify) -> None:
    assert verify(issue(DEVICE, HOUSEHOLD)) == "OK"


def test_it_passes_with_the_trust_bundle_alone(
    issue: Callable[..., str], verify: Verify, folder: Path
) -> None:
    leaf = issue(DEVICE, HOUSEHOLD).split("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n"
    assert verify(leaf, "-CAfile", str(folder / "trust.pem")) == "OK"


def test_a_farewell_passes(authority: IssuingAuthority, csr: bytes, verify: Verify, time: Any) -> None:
    chain = authority.issue_farewell(csr, DEVICE, HOUSEHOLD, erased=True)
    assert verify(chain) == "OK"
    assert "expired" in verify(chain, at=time() + timedelta(days=1, seconds=1))


def test_a_server_passes_for_its_name_and_not_as_a_client(
    authority: IssuingAuthority, csr: bytes, verify: Verify
) -> None:
    chain = authority.issue_server(csr, ["centre.example.org"])
    as_server = ("-purpose", "sslserver", "-verify_hostname")
    assert verify(chain, *as_server, "centre.example.org") == "OK"
    assert "hostname mismatch" in verify(chain, *as_server, "other.example.org")
    assert "unsuitable certificate purpose" in verify(chain)


def test_a_device_is_no_server(issue: Callable[..., str], verify: Verify) -> None:
    assert "unsuitable certificate purpose" in verify(issue(DEVICE, HOUSEHOLD), "-purpose", "sslserver")


def test_a_revoked_certificate_fails(
    issue: Callable[..., str], authority: IssuingAuthority, verify: Verify
) -> None:
    chain, other = issue(DEVICE, HOUSEHOLD), issue(DEVICE, HOUSEHOLD)
    authority.revoke(serial=read_certificate(chain.encode()).serial, reason="key_compromise")
    assert "certificate revoked" in verify(chain)
    assert verify(other) == "OK"


def test_before_its_time_and_after_it_a_certificate_fails(
    issue: Callable[..., str], authority: IssuingAuthority, verify: Verify, time: Any
) -> None:
    chain = issue(DEVICE, HOUSEHOLD, lifetime=timedelta(hours=1))
    assert "not yet valid" in verify(chain, at=time() - timedelta(hours=1))
    assert "certificate has expired" in verify(chain, at=time() + timedelta(hours=2))


def test_a_list_that_was_not_renewed_stops_everybody(
    issue: Callable[..., str], verify: Verify, time: Any, authority: IssuingAuthority
) -> None:
    chain = issue(DEVICE, HOUSEHOLD)
    time.pass_by(timedelta(days=8))
    assert "CRL has expired" in verify(chain)
    authority.crl()
    assert verify(chain) == "OK"


def test_both_authorities_certificates_pass_while_they_overlap(
    issue: Callable[..., str], verify: Verify, folder: Path, passphrase: Secret, time: Any
) -> None:
    old = issue(DEVICE, HOUSEHOLD)
    rotate(folder, passphrase, passphrase, now=time, notice=NONE)
    new = issue(DEVICE, HOUSEHOLD)
    assert (verify(old), verify(new)) == ("OK", "OK")


def test_what_a_revoked_authority_issued_fails(
    issue: Callable[..., str], verify: Verify, folder: Path, passphrase: Secret, time: Any
) -> None:
    old = issue(DEVICE, HOUSEHOLD)
    rotate(folder, passphrase, passphrase, now=time, notice=NONE)
    new = issue(DEVICE, HOUSEHOLD)
    issuer = x509.load_pem_x509_certificates(old.encode())[1]
    stolen = serial_text(issuer.serial_number)
    revoke_issuing(folder, passphrase, passphrase, stolen, "key_compromise", now=time)
    assert "unable to get certificate CRL" in verify(old)  # it publishes none any more
    assert verify(new) == "OK"


def test_another_surveys_certificate_fails(
    verify: Verify, tmp_path: Path, passphrase: Secret, csr: bytes, time: Any
) -> None:
    other = create_authority(tmp_path / "other", passphrase, passphrase, now=time)
    with IssuingAuthority(other.path, passphrase, now=time) as foreign:
        assert "error" in verify(foreign.issue_device(csr, DEVICE, HOUSEHOLD, "eve@example.org"))


def test_an_issuing_authority_cannot_make_another_one(
    authority: IssuingAuthority, verify: Verify, passphrase: Secret, time: Any
) -> None:
    """The path length holds against an issuing authority whose key was stolen."""
    record = authority.records.authorities()[-1]
    stolen = issuing_signer(authority.folder, record, passphrase)
    key = new_key()
    validity = Validity(time(), time() + timedelta(days=1))
    below = Signer(issuing_certificate(stolen, key.public_key(), validity), key)
    leaf = server_certificate(below, new_key().public_key(), dns_names(["x.example"]), validity)
    chain = pem(leaf, below.certificate, certificate_of(record))
    assert "path length constraint exceeded" in verify(chain)


def test_an_issuing_authority_cannot_name_other_organizations(
    authority: IssuingAuthority, verify: Verify, passphrase: Secret, time: Any
) -> None:
    """The constraint on directory names holds against an issuing authority whose key was stolen."""
    stolen = issuing_signer(authority.folder, authority.records.authorities()[-1], passphrase)
    bank = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bank")])
    client = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = (
        x509.CertificateBuilder()
        .subject_name(bank)
        .issuer_name(stolen.certificate.subject)
        .public_key(new_key().public_key())
        .serial_number(1)
        .not_valid_before(time())
        .not_valid_after(time() + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(client, critical=False)
        .add_extension(issuer_key_identifier(stolen), critical=False)
    )
    leaf = builder.sign(stolen.key, SHA256())
    assert "permitted subtree violation" in verify(pem(leaf, stolen.certificate))


def test_openssl_opens_the_keys_with_the_pass_phrase_only(folder: Path, passphrase: Secret) -> None:
    for key in (folder / "root" / "root.key.pem", next((folder / "issuing").iterdir())):
        command = ["openssl", "pkey", "-in", key, "-noout", "-passin"]
        assert subprocess.run([*command, f"pass:{passphrase.reveal()}"], check=False).returncode == 0
        wrong = subprocess.run([*command, "pass:wrong"], check=False, capture_output=True)
        assert wrong.returncode != 0


def test_openssl_shows_our_extensions_and_no_url_to_ask(issue: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "chain.pem").write_text(issue(DEVICE, HOUSEHOLD))
    text = subprocess.run(
        ["openssl", "x509", "-in", tmp_path / "chain.pem", "-noout", "-text"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "2.25.25649441251595045481493243120484218893.1" in text
    assert "measurement-write" in text
    assert f"email:ada@example.org, URI:urn:uuid:{DEVICE}, URI:urn:uuid:{HOUSEHOLD}" in text
    assert "prime256v1" in text


def test_a_signing_request_of_openssl_is_granted(
    authority: IssuingAuthority, verify: Verify, tmp_path: Path
) -> None:
    key, request = tmp_path / "key.pem", tmp_path / "device.csr"
    make = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run(
        [*make, "-keyout", key, "-out", request, "-subj", "/CN=anything"], check=True, capture_output=True
    )
    assert verify(authority.issue_device(request.read_bytes(), DEVICE, HOUSEHOLD, "ada@example.org")) == "OK"
