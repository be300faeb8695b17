"""Signing requests: the key is taken, everything else is ignored."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.keys import new_key
from provisioning.ca.signing_request import BadSigningRequest, new_signing_request, public_key_of

DEVICE = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c01"
HOUSEHOLD = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c02"


def request(key: object, *extensions: x509.ExtensionType, name: str = "") -> x509.CertificateSigningRequest:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256())


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_the_key_of_a_request_is_taken(encoding: Encoding) -> None:
    key = new_key()
    assert public_key_of(request(key).public_bytes(encoding)) == key.public_key()


def test_a_request_may_come_as_text() -> None:
    key = new_key()
    assert public_key_of(new_signing_request(key).decode()) == key.public_key()


def test_names_and_powers_that_a_request_asks_for_are_ignored(authority: IssuingAuthority) -> None:
    greedy = request(
        new_key(),
        x509.BasicConstraints(ca=True, path_length=5),
        x509.SubjectAlternativeName([x509.DNSName("centre.example.org"), x509.RFC822Name("eve@x.org")]),
        name="another device",
    )
    chain = authority.issue_device(
        greedy.public_bytes(Encoding.PEM), DEVICE, HOUSEHOLD, "ada@example.org", ["account"]
    )
    leaf = x509.load_pem_x509_certificate(chain.encode())
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == []
    assert names.get_values_for_type(x509.RFC822Name) == ["ada@example.org"]
    assert leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == DEVICE


def test_a_key_of_another_kind_is_refused() -> None:
    for key in (
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
    ):
        with pytest.raises(BadSigningRequest, match="P-256"):
            public_key_of(request(key).public_bytes(Encoding.PEM))


def test_a_request_signed_with_another_key_is_refused() -> None:
    der = bytearray(request(new_key(), name="x").public_bytes(Encoding.DER))
    der[der.index(b"x")] = ord("y")  # the name, under the same signature
    with pytest.raises(BadSigningRequest, match="own key"):
        public_key_of(bytes(der))


def test_a_stolen_public_key_is_refused() -> None:
    """Its holder does not have the private key, so the request is signed with another one."""
    victim, thief = new_key(), new_key()
    stolen = request(thief).public_bytes(Encoding.DER)
    points = [
        key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        for key in (thief, victim)
    ]
    with pytest.raises(BadSigningRequest, match="own key"):
        public_key_of(stolen.replace(points[0], points[1]))


@pytest.mark.parametrize("junk", [b"", b"junk", b"-----BEGIN CERTIFICATE REQUEST-----\n", b"\x30\x00"])
def test_what_is_no_request_is_refused(junk: bytes) -> None:
    with pytest.raises(BadSigningRequest, match="not a certificate signing request"):
        public_key_of(junk)


def test_a_huge_request_is_refused_unread() -> None:
    with pytest.raises(BadSigningRequest, match="too large"):
        public_key_of(b"-" * 20_000)
