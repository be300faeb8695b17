"""Who the device is at the centre: its key, its certificate with the chain, and whom it trusts there.

The key is made on the device and never leaves it; a renewed certificate is for the same key, so that one
file, replaced whole, changes all of it at once. CouchDB, the embedded node and our own requests read the same
files.
"""

import stat
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from couch.certificate import CertificateFacts, read_certificate
from couch.errors import Fault
from couch.private_files import write_private
from edge.settings import CentreSettings

Key = ec.EllipticCurvePrivateKey
KEY_FILE = "device.key"
CERTIFICATE_FILE = "device.pem"
CA_FILE = "ca.pem"
_RENEW_AFTER = 2 / 3  # of the lifetime
_SPREAD = 1 / 24  # of the lifetime, so that devices enrolled together renew apart


class IdentityState(StrEnum):
    """What can be done with the certificate now."""

    ABSENT = "absent"
    NOT_YET = "not yet valid"  # the clock is behind
    VALID = "valid"
    DUE = "due"  # valid, to be renewed
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CentreIdentity:
    """The three files of a device."""

    ca: Path
    certificate: Path
    key: Path

    def facts(self) -> CertificateFacts | None:
        """What the certificate says; None where there is none yet. Raises Fault."""
        try:
            pem = self.certificate.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as err:
            raise _unreadable(self.certificate, err) from err
        return read_certificate(pem)

    def load_key(self) -> Key:
        """Raises Fault: absent, readable by others, not a key on P-256."""
        try:
            mode = stat.S_IMODE(self.key.stat().st_mode)
            pem = self.key.read_bytes()
        except OSError as err:
            raise _unreadable(self.key, err) from err
        if mode & 0o077:
            raise Fault(
                f"the device's key {self.key} can be read by others (mode {mode:04o}). "
                f"Run chmod 600 {self.key}."
            )
        try:
            key = load_pem_private_key(pem, None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as err:
            raise Fault(
                f"{self.key} holds no private key, or it is damaged. Without it this device's certificate is "
                "worthless: ask the researchers to replace the device (survey device replace)."
            ) from err
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise Fault(
                f"the key in {self.key} is not one on the curve P-256. Move it away to have one made."
            )
        return key

    def ensure_key(self) -> Key:
        """The device's key, made at the first call, mode 600, durable before it is used. Raises Fault."""
        if not self.key.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
            write_private(self.key, pem, replace=False)
        return self.load_key()

    def take(self, chain: str, key: Key, *, device: str, household: str) -> CertificateFacts:
        """Put a new certificate in place of the old one, whole, after a look whether it is ours.

        Raises Fault when it is for another key, device or household, or nobody whom we trust issued it.
        """
        facts = check_chain(chain, key, self.ca)
        if (facts.device, facts.household) != (device, household):
            raise Fault("the centre sent the certificate of another device. Tell the researchers.")
        write_private(self.certificate, chain)
        return facts


def identity_of(centre: CentreSettings) -> CentreIdentity | None:
    """The files that the settings name; None where the centre is reached without TLS."""
    if centre.ca_file is None or centre.certificate_file is None or centre.key_file is None:
        return None
    return CentreIdentity(centre.ca_file, centre.certificate_file, centre.key_file)


def state_at(facts: CertificateFacts | None, now: datetime) -> IdentityState:
    """`now` is real time."""
    if facts is None:
        return IdentityState.ABSENT
    if now < facts.not_before:
        return IdentityState.NOT_YET
    if now > facts.not_after:
        return IdentityState.ENDED
    return IdentityState.DUE if now >= renewal_due(facts) else IdentityState.VALID


def renewal_due(facts: CertificateFacts) -> datetime:
    """When to renew: at two thirds of the lifetime and a part of it that differs from serial to serial.

    Computed from the certificate alone, so a restart does not draw another moment.
    """
    lifetime = facts.not_after - facts.not_before
    jitter = int(facts.serial[-8:], 16) / 0xFFFFFFFF * _SPREAD
    return facts.not_before + lifetime * (_RENEW_AFTER + jitter)


def signing_request(key: Key) -> str:
    """A request (PKCS#10, PEM) without names: what the certificate says, the centre knows."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def check_chain(chain: str, key: Key, ca: Path) -> CertificateFacts:
    """What a chain's first certificate says, if it is for `key` and the chain ends in `ca`. Raises Fault."""
    foreign = Fault("the centre sent a certificate that is not for this device. Tell the researchers.")
    try:
        certificates = x509.load_pem_x509_certificates(chain.encode())
        trusted = x509.load_pem_x509_certificates(ca.read_bytes())
    except OSError as err:
        raise _unreadable(ca, err) from err
    except ValueError as err:
        raise foreign from err
    facts = read_certificate(chain.encode())
    if certificates[0].public_key() != key.public_key():
        raise foreign
    for certificate, issuer in pairwise(certificates):
        if not _issued_by(certificate, [issuer]):
            raise foreign
    if not _issued_by(certificates[-1], trusted):
        raise foreign
    return facts


def _issued_by(certificate: x509.Certificate, issuers: list[x509.Certificate]) -> bool:
    for issuer in issuers:
        try:
            certificate.verify_directly_issued_by(issuer)
        except Exception:  # noqa: BLE001, S112 - whatever is wrong with it, this issuer did not sign it
            continue
        return True
    return False


def _unreadable(path: Path, err: OSError) -> Fault:
    why = (err.strerror or type(err).__name__).lower()
    return Fault(
        f"{path} cannot be read: {why}. Run this as the user who owns it, or join again (survey edge join)."
    )
