"""The facts of a certificate: what is read, what is refused, and that the email stays unread."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from couch import certificate_extensions as own
from couch.certificate import BadCertificate, read_certificate, serial_text
from couch.names import SCOPES

DEVICE = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c01"
HOUSEHOLD = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c02"
START = datetime(2025, 7, 1, 12, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
EMAIL = "ada@example.org"

USAGE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
LEAF = x509.BasicConstraints(ca=False, path_length=None)


def urn(uuid: str) -> x509.GeneralName:
    return x509.UniformResourceIdentifier(f"urn:uuid:{uuid}")


def names(*uuids: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.RFC822Name(EMAIL), *(urn(uuid) for uuid in uuids)])


def certificate(*extensions: x509.ExtensionType, serial: int = 0x0A0B0C) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(KEY.public_key())
        .serial_number(serial)
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=90))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(KEY, SHA256())


def of_device(scopes: tuple[str, ...] = SCOPES, kind: own.Kind = own.DEVICE) -> x509.Certificate:
    return certificate(
        LEAF,
        USAGE,
        names(DEVICE, HOUSEHOLD),
        own.identity_extension(kind, DEVICE, HOUSEHOLD),
        own.scopes_extension(scopes),
    )


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_device_certificate_says_who_where_what_and_how_long(encoding: Encoding) -> None:
    facts = read_certificate(of_device().public_bytes(encoding))
    assert (facts.device, facts.household, facts.serial) == (DEVICE, HOUSEHOLD, "0a0b0c")
    assert facts.scopes == frozenset(SCOPES)
    assert (facts.not_before, facts.not_after) == (START, START + timedelta(days=90))
    assert not facts.farewell


def test_the_email_is_not_among_the_facts() -> None:
    assert EMAIL not in repr(read_certificate(of_device().public_bytes(Encoding.PEM)))


def test_of_a_chain_the_first_certificate_is_read() -> None:
    chain = of_device(("household",)).public_bytes(Encoding.PEM) + of_device().public_bytes(Encoding.PEM)
    assert read_certificate(chain).scopes == {"household"}


def test_a_farewell_grants_no_scope() -> None:
    facts = read_certificate(of_device((), own.FAREWELL).public_bytes(Encoding.DER))
    assert facts.farewell
    assert facts.scopes == frozenset()
    with pytest.raises(BadCertificate, match="no scope"):
        read_certificate(of_device(("consent",), own.FAREWELL).public_bytes(Encoding.DER))


def test_an_unknown_scope_grants_nothing() -> None:
    facts = read_certificate(of_device(("consent", "everything")).public_bytes(Encoding.DER))
    assert facts.scopes == {"consent"}


def test_both_ends_of_the_validity_belong_to_it() -> None:
    facts = read_certificate(of_device().public_bytes(Encoding.DER))
    second = timedelta(seconds=1)
    assert facts.valid_at(facts.not_before)
    assert facts.valid_at(facts.not_after)
    assert not facts.valid_at(facts.not_before - second)
    assert not facts.valid_at(facts.not_after + second)


def without_identity() -> x509.Certificate:
    return certificate(LEAF, USAGE, names(DEVICE, HOUSEHOLD))


def with_exchanged_names() -> x509.Certificate:
    identity = own.identity_extension(own.DEVICE, DEVICE, HOUSEHOLD)
    return certificate(LEAF, USAGE, names(HOUSEHOLD, DEVICE), identity)


def with_a_third_name() -> x509.Certificate:
    identity = own.identity_extension(own.DEVICE, DEVICE, HOUSEHOLD)
    return certificate(LEAF, USAGE, names(DEVICE, HOUSEHOLD, HOUSEHOLD), identity)


def without_names() -> x509.Certificate:
    return certificate(LEAF, USAGE, own.identity_extension(own.DEVICE, DEVICE, HOUSEHOLD))


def of_an_authority() -> x509.Certificate:
    authority = x509.BasicConstraints(ca=True, path_length=0)
    identity = own.identity_extension(own.DEVICE, DEVICE, HOUSEHOLD)
    return certificate(authority, USAGE, names(DEVICE, HOUSEHOLD), identity)


def of_a_server() -> x509.Certificate:
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    identity = own.identity_extension(own.DEVICE, DEVICE, HOUSEHOLD)
    return certificate(LEAF, usage, names(DEVICE, HOUSEHOLD), identity)


def without_usage() -> x509.Certificate:
    identity = own.identity_extension(own.DEVICE, DEVICE, HOUSEHOLD)
    return certificate(LEAF, names(DEVICE, HOUSEHOLD), identity)


def with_a_damaged_identity() -> x509.Certificate:
    damaged = x509.UnrecognizedExtension(own.IDENTITY, b"\x30\x05\x0c\x02ab")
    return certificate(LEAF, USAGE, names(DEVICE, HOUSEHOLD), damaged)


def with_a_line_break_in_a_uuid() -> x509.Certificate:
    identity = own.identity_extension(own.DEVICE, DEVICE + "\n", HOUSEHOLD)
    return certificate(LEAF, USAGE, names(DEVICE, HOUSEHOLD), identity)


def with_an_unknown_kind() -> x509.Certificate:
    texts = own.encode_texts(["centre", DEVICE, HOUSEHOLD])
    return certificate(LEAF, USAGE, names(DEVICE, HOUSEHOLD), x509.UnrecognizedExtension(own.IDENTITY, texts))


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (without_identity, "names none"),
        (with_exchanged_names, "contradict"),
        (with_a_third_name, "contradict"),
        (without_names, "no subject alternative name"),
        (of_an_authority, "not for a device"),
        (of_a_server, "not for a device"),
        (without_usage, "used for"),
        (with_a_damaged_identity, "damaged"),
        (with_a_line_break_in_a_uuid, "which device"),
        (with_an_unknown_kind, "which device"),
    ],
)
def test_what_is_no_device_certificate_is_refused_in_one_line(
    made: Callable[[], x509.Certificate], why: str
) -> None:
    with pytest.raises(BadCertificate, match=why) as refused:
        read_certificate(made().public_bytes(Encoding.DER))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "junk", [b"", b"junk", b"-----BEGIN CERTIFICATE-----\nAAAA\n", b"\x30\x03\x02\x01\x01"]
)
def test_what_is_no_certificate_is_refused(junk: bytes) -> None:
    with pytest.raises(BadCertificate, match=r"not an X\.509"):
        read_certificate(junk)


def test_a_cut_certificate_is_refused() -> None:
    whole = of_device().public_bytes(Encoding.DER)
    with pytest.raises(BadCertificate):
        read_certificate(whole[:-40])


@pytest.mark.parametrize(
    "der",
    [b"", b"\x30", b"\x31\x00", b"\x30\x81\x00", b"\x30\x03\x0c\x02a", b"\x30\x00\x00", b"\x30\x03\x13\x01a"],
)
def test_texts_are_read_only_in_their_one_form(der: bytes) -> None:
    with pytest.raises(ValueError, match=r"DER|decode"):
        own.decode_texts(der)


def test_texts_come_back() -> None:
    assert own.decode_texts(own.encode_texts(["", "a", "ü"])) == ["", "a", "ü"]


@pytest.mark.parametrize(("serial", "text"), [(1, "01"), (0xABC, "0abc"), (0xFF00, "ff00")])
def test_serials_are_whole_bytes_in_lower_case(serial: int, text: str) -> None:
    assert serial_text(serial) == text
