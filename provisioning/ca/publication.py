"""The public files of an authority: what servers trust and which certificates are revoked.

Each file is replaced whole. Made anew from the records at any time, so a crash between a revocation and its
publication costs nothing but the time until the next one.
"""

import re
from datetime import datetime

from cryptography import x509

from couch.certificate import serial_text
from couch.errors import Fault
from couch.private_files import write_private
from couch.secret import Secret
from provisioning.ca.folder import AuthorityFolder
from provisioning.ca.keys import Key, open_sealed
from provisioning.ca.profile import Signer, pem
from provisioning.ca.record import AuthorityRecord, CertificateRecord
from provisioning.ca.records import CertificateRecords
from provisioning.ca.revocation_list import (
    CRL_LIFETIME,
    RevokedEntry,
    revocation_list,
)

_LIST = re.compile(b"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)


def certificate_of(authority: AuthorityRecord) -> x509.Certificate:
    """The parsed certificate of an authority."""
    return x509.load_pem_x509_certificate(authority.certificate.encode())


def root_of(records: CertificateRecords) -> AuthorityRecord:
    """The root. Raises Fault when the records hold none."""
    for authority in records.authorities():
        if authority.record.kind == "root":
            return authority
    raise Fault("the authority's records hold no root. Restore records.sqlite from the backup.")


def living_issuers(records: CertificateRecords, now: datetime) -> list[AuthorityRecord]:
    """Issuing authorities that are neither revoked nor ended, in the order in which they take over."""
    return [
        authority
        for authority in records.authorities()
        if authority.record.kind == "issuing"
        and authority.record.revoked_at is None
        and authority.record.not_after >= now
    ]


def signer_of(authority: AuthorityRecord, key: Key, where: str) -> Signer:
    """The authority with its key. Raises Fault when the key is another one's."""
    certificate = certificate_of(authority)
    if certificate.public_key() != key.public_key():
        raise Fault(f"the key in {where} does not belong to its certificate. Restore it from the backup.")
    return Signer(certificate, key)


def issuing_signer(folder: AuthorityFolder, authority: AuthorityRecord, passphrase: Secret) -> Signer:
    """An issuing authority, able to sign. Raises Fault: wrong pass phrase, unreadable or foreign key."""
    path = folder.issuing_key(authority.record.serial)
    return signer_of(authority, open_sealed(path, passphrase), str(path))


def trust_bundle(records: CertificateRecords, now: datetime) -> str:
    """PEM of the root and of every living issuing authority."""
    authorities = [root_of(records), *living_issuers(records, now)]
    return pem(*(certificate_of(authority) for authority in authorities))


def publish(
    folder: AuthorityFolder, records: CertificateRecords, signers: dict[str, Signer], now: datetime
) -> str:
    """Write `trust.pem`, `root.pem` and `crl.pem`; what `crl.pem` holds. The caller holds the folder's lock.

    `signers`: by serial, every living issuing authority.
    """
    lists = [read_list(folder)]
    for serial, signer in signers.items():
        entries = revoked_entries(records.revoked_by(serial, now))
        number = records.next_crl_number(serial)
        lists.append(revocation_list(signer, entries, number=number, now=now, lifetime=CRL_LIFETIME))
    write_private(folder.root_certificate, root_of(records).certificate)
    write_private(folder.trust, trust_bundle(records, now))
    text = "".join(lists)
    write_private(folder.crl, text)
    return text


def read_list(folder: AuthorityFolder) -> str:
    """The root's own CRL. Raises Fault."""
    try:
        return folder.root_crl.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as err:
        raise Fault(
            f"the root's revocation list {folder.root_crl} cannot be read. "
            f"Make it anew with: survey ca crl --root --folder {folder.path}"
        ) from err


def revoked_entries(records: list[CertificateRecord]) -> list[RevokedEntry]:
    """The records as entries of a list."""
    return [
        RevokedEntry(int(record.serial, 16), record.revoked_at, record.reason or "unspecified")
        for record in records
        if record.revoked_at is not None
    ]


def parse_lists(pem_lists: bytes) -> list[x509.CertificateRevocationList]:
    """The revocation lists in a PEM text. Raises ValueError when one is damaged."""
    return [x509.load_pem_x509_crl(text) for text in _LIST.findall(pem_lists)]


def lists_due(folder: AuthorityFolder, records: CertificateRecords, now: datetime) -> str | None:
    """Why `crl.pem` should be published anew, in words; None while it need not."""
    try:
        lists = {each.issuer: each for each in parse_lists(folder.crl.read_bytes())}
    except (OSError, ValueError):
        return "it cannot be read"
    for authority in living_issuers(records, now):
        found = lists.get(certificate_of(authority).subject)
        if found is None:
            return "the list of an issuing authority is missing from it"
        if found.next_update_utc is None or found.next_update_utc - now < CRL_LIFETIME / 2:
            return "more than half of its time is over"
        listed = {serial_text(entry.serial_number) for entry in found}
        if any(each.serial not in listed for each in records.revoked_by(authority.record.serial, now)):
            return "a revoked certificate is missing from it"
    return None
