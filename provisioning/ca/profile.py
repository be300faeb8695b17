"""The certificates of the survey, as values: who signs, what they say, how long they hold (RFC 5280).

| certificate | path length | key usage | extended key usage | names |
|---|---|---|---|---|
| root | 1 | signs certificates, CRLs | | O, CN |
| issuing authority | 0 | signs certificates, CRLs | client, server | O, CN; only names below O |
| device | no authority | digital signature | client | O, OU, CN device; email, two URIs |
| farewell | no authority | digital signature | client | the same without the email and without scopes |
| server | no authority | digital signature | server | O, OU, CN; DNS names |

The constraint on names is one on directory names alone: OpenSSL rejects `urn:uuid:` under URI constraints
(error 53), and emails and DNS names come from anywhere.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from couch import certificate_extensions as own
from provisioning.ca import names
from provisioning.ca.keys import Key

ROOT_LIFETIME = timedelta(days=20 * 365)
ISSUING_LIFETIME = timedelta(days=3 * 365)
DEVICE_LIFETIME = timedelta(days=90)
SERVER_LIFETIME = timedelta(days=397)
FAREWELL_LIFETIME = timedelta(days=1)
LONGEST_LEAF = timedelta(days=397)
# Certificates begin a little earlier than they are made: a device's clock may be behind ours.
BACKDATED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Signer:
    """An authority that can sign: its certificate and the key that belongs to it."""

    certificate: x509.Certificate
    key: Key


@dataclass(frozen=True, slots=True)
class Validity:
    """Both instants (aware UTC, whole seconds) belong to it."""

    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceNames:
    """What a device's certificate says; `email` None and no scopes make it a farewell."""

    device: str
    household: str
    email: x509.RFC822Name | None
    scopes: frozenset[str]


def new_serial() -> int:
    """A random serial number of 20 bytes, the most that RFC 5280 (4.1.2.2) allows, 158 bits random."""
    return secrets.randbits(158) | 1 << 158


def root_certificate(key: Key, organization: x509.Name, validity: Validity) -> x509.Certificate:
    """The root, signed by itself."""
    subject = names.below(organization, "root authority")
    builder = _builder(subject, subject, key.public_key(), validity)
    builder = _as_authority(builder, key.public_key(), path_length=1)
    return builder.sign(key, SHA256())


def issuing_certificate(root: Signer, key: ec.EllipticCurvePublicKey, validity: Validity) -> x509.Certificate:
    """An authority below the root. Each has its own name, since CRLs are found by the issuer's name."""
    serial = new_serial()
    organization = _organization_of(root)
    subject = names.below(organization, f"issuing authority {serial:040x}"[:32])
    builder = _builder(subject, root.certificate.subject, key, validity, serial)
    builder = _as_authority(builder, key, path_length=0)
    builder = builder.add_extension(
        x509.NameConstraints(permitted_subtrees=[x509.DirectoryName(organization)], excluded_subtrees=None),
        critical=True,
    )
    both = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    builder = builder.add_extension(x509.ExtendedKeyUsage(both), critical=False)
    return _signed(builder, root)


def device_certificate(
    issuer: Signer, key: ec.EllipticCurvePublicKey, who: DeviceNames, validity: Validity
) -> x509.Certificate:
    """A device's certificate, or the farewell of an erased household."""
    kind = own.DEVICE if who.scopes else own.FAREWELL
    subject = names.below(_organization_of(issuer), who.device, "devices")
    alternatives: list[x509.GeneralName] = [names.uuid_uri(who.device), names.uuid_uri(who.household)]
    if who.email is not None:
        alternatives.insert(0, who.email)
    builder = _builder(subject, issuer.certificate.subject, key, validity)
    builder = _as_leaf(builder, key, alternatives, ExtendedKeyUsageOID.CLIENT_AUTH)
    builder = builder.add_extension(own.identity_extension(kind, who.device, who.household), critical=False)
    if who.scopes:
        builder = builder.add_extension(own.scopes_extension(who.scopes), critical=False)
    return _signed(builder, issuer)


def server_certificate(
    issuer: Signer, key: ec.EllipticCurvePublicKey, dns: Sequence[x509.DNSName], validity: Validity
) -> x509.Certificate:
    """The certificate by which devices know the centre."""
    subject = names.below(_organization_of(issuer), "the centre", "servers")
    builder = _builder(subject, issuer.certificate.subject, key, validity)
    return _signed(_as_leaf(builder, key, dns, ExtendedKeyUsageOID.SERVER_AUTH), issuer)


def pem(*certificates: x509.Certificate) -> str:
    """One text of certificates, in the order given."""
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates).decode()


def _organization_of(signer: Signer) -> x509.Name:
    return x509.Name(signer.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    validity: Validity,
    serial: int | None = None,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial or new_serial())
        .not_valid_before(validity.not_before)
        .not_valid_after(validity.not_after)
    )


def _as_authority(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePublicKey, *, path_length: int
) -> x509.CertificateBuilder:
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _as_leaf(
    builder: x509.CertificateBuilder,
    key: ec.EllipticCurvePublicKey,
    alternatives: Sequence[x509.GeneralName],
    usage: x509.ObjectIdentifier,
) -> x509.CertificateBuilder:
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(builder: x509.CertificateBuilder, issuer: Signer) -> x509.Certificate:
    return builder.add_extension(issuer_key_identifier(issuer), critical=False).sign(issuer.key, SHA256())


def issuer_key_identifier(issuer: Signer) -> x509.AuthorityKeyIdentifier:
    """Which key of the issuer signed, so that two authorities are told apart."""
    own_identifier = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own_identifier)
