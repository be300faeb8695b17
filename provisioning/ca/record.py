"""What the authority remembers of a certificate, as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Literal

from cryptography import x509

from couch.certificate import serial_text
from provisioning.ca.revocation_list import Reason

RecordKind = Literal["root", "issuing", "device", "farewell", "server"]


class Verdict(Enum):
    """What the records say about a serial number."""

    GOOD = "good"
    REVOKED = "revoked"  # it, or the authority that issued it
    UNKNOWN = "unknown"  # nobody issued it, or these records are older than it: not to be believed


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRecord:
    """One certificate. `names`: a server's DNS names; a device's certificate has uuids instead.

    `serial`, `issuer`: see couch.certificate.serial_text. Times are aware UTC.
    """

    serial: str
    issuer: str
    kind: RecordKind
    not_before: datetime
    not_after: datetime
    device: str | None = None
    household: str | None = None
    names: tuple[str, ...] = ()
    revoked_at: datetime | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityRecord:
    """The root (`takes_over_at` None) or an issuing authority, which issues from `takes_over_at` on."""

    record: CertificateRecord
    certificate: str
    takes_over_at: datetime | None


def record_of(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    kind: RecordKind,
    *,
    device: str | None = None,
    household: str | None = None,
    names: tuple[str, ...] = (),
) -> CertificateRecord:
    """The record of a certificate that was just made; the root is its own issuer."""
    return CertificateRecord(
        serial=serial_text(certificate.serial_number),
        issuer=serial_text(issuer.serial_number),
        kind=kind,
        device=device,
        household=household,
        names=names,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def has_taken_over(authority: AuthorityRecord, moment: datetime) -> bool:
    """Whether an issuing authority issues at `moment`, or a later one does."""
    return authority.takes_over_at is not None and authority.takes_over_at <= moment
