"""Certificate revocation lists (RFC 5280, section 5), as values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from provisioning.ca.profile import BACKDATED, Signer, issuer_key_identifier

# A list that has ended makes nginx refuse everybody: it must be made anew well before (`survey ca crl`).
CRL_LIFETIME = timedelta(days=7)
ROOT_CRL_LIFETIME = timedelta(days=400)  # the root is offline; it comes out once a year

Reason = Literal[
    "unspecified",
    "key_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "privilege_withdrawn",
]
REASONS: tuple[Reason, ...] = get_args(Reason)
_FLAGS: dict[Reason, x509.ReasonFlags] = {
    "unspecified": x509.ReasonFlags.unspecified,
    "key_compromise": x509.ReasonFlags.key_compromise,
    "affiliation_changed": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded,
    "cessation_of_operation": x509.ReasonFlags.cessation_of_operation,
    "privilege_withdrawn": x509.ReasonFlags.privilege_withdrawn,
}


@dataclass(frozen=True, slots=True)
class RevokedEntry:
    """A revoked certificate: serial number, when (aware UTC), why."""

    serial: int
    revoked_at: datetime
    reason: Reason


def revocation_list(
    issuer: Signer, entries: Iterable[RevokedEntry], *, number: int, now: datetime, lifetime: timedelta
) -> str:
    """A signed list in PEM. `number` must grow from list to list of the same issuer."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now - BACKDATED)
        .next_update(now + lifetime)
        .add_extension(issuer_key_identifier(issuer), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )
    for entry in entries:
        builder = builder.add_revoked_certificate(_revoked(entry))
    return builder.sign(issuer.key, SHA256()).public_bytes(Encoding.PEM).decode()


def _revoked(entry: RevokedEntry) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(entry.serial).revocation_date(entry.revoked_at)
    if entry.reason != "unspecified":  # which is said by leaving it out (RFC 5280, 5.3.1)
        builder = builder.add_extension(x509.CRLReason(_FLAGS[entry.reason]), critical=False)
    return builder.build()
