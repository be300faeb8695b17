"""The narrow path back for a device whose certificate has ended: challenges, and the proof by the old key.

A challenge is `<expires>.<nonce>.<mac>`: nothing is stored for those who only ask, and it is good for one
certificate and five minutes. The proof binds the request, so a copy of it earns nothing but a certificate for
the same key again.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from couch.enrolment import EnrolmentRefused, proof_text

CHALLENGE_LIFETIME = timedelta(minutes=5)
# How long after its end a certificate still brings its device back; measuring goes on meanwhile.
GRACE = timedelta(days=400)
_NONCE_BYTES = 16


class Challenges:
    """Makes and checks challenges. The key is this process's own: after a restart a device asks anew."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)

    def make(self, serial: str, now: datetime) -> str:
        """A challenge for the certificate `serial`."""
        expires = int((now + CHALLENGE_LIFETIME).timestamp())
        head = f"{expires}.{secrets.token_hex(_NONCE_BYTES)}"
        return f"{head}.{self._mac(serial, head)}"

    def check(self, challenge: str, serial: str, now: datetime) -> None:
        """Raises EnrolmentRefused unless `make` made it for this certificate, not long ago."""
        head, _, mac = challenge.rpartition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(serial, head).encode()):
            raise EnrolmentRefused("challenge_old", "this challenge is none of ours; ask for another")
        if now.timestamp() > int(head.partition(".")[0]):
            raise EnrolmentRefused("challenge_old", "this challenge is too old; ask for another")

    def _mac(self, serial: str, head: str) -> str:
        return hmac.new(self._key, f"{serial}|{head}".encode(), hashlib.sha256).hexdigest()


def check_proof(certificate: x509.Certificate, challenge: str, csr: str, signature: str) -> None:
    """Raises EnrolmentRefused unless the certificate's key signed the challenge and the request."""
    key = certificate.public_key()
    try:
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise InvalidSignature
        given = base64.b64decode(signature, validate=True)
        key.verify(given, proof_text(challenge, csr), ec.ECDSA(SHA256()))
    except (InvalidSignature, binascii.Error, ValueError) as err:
        raise EnrolmentRefused("proof_wrong", "the old key did not sign this") from err


def issued_by_any(certificate: x509.Certificate, issuers: Iterable[x509.Certificate]) -> bool:
    """Whether one of the issuers signed the certificate, whatever the time."""
    for issuer in issuers:
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False
