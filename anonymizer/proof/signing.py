"""Receipts signed with Ed25519 (RFC 8032), and checked without anybody's help.

What is signed is the receipt without its member `signature`, as JSON with sorted members, without spaces, in
UTF-8 (as `json.dumps(..., sort_keys=True, separators=(",", ":"), ensure_ascii=False)` writes it).
"""

import base64
import binascii
import hashlib
import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from couch.documents import Json
from couch.errors import Fault
from couch.private_files import write_private

SIGNATURE = "signature"
_ALGORITHM = "Ed25519"


class Forged(Fault):
    """The receipt was not signed with that key, or was changed afterwards."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The survey's key for receipts."""

    private: Ed25519PrivateKey

    @property
    def public_pem(self) -> str:
        """What participants check by; the survey publishes it."""
        return (
            self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        )

    def sign(self, receipt: Json) -> Json:
        """The receipt with its signature."""
        public = _raw(self.private.public_key())
        return {
            **receipt,
            SIGNATURE: {
                "algorithm": _ALGORITHM,
                "public_key": base64.b64encode(public).decode(),
                "value": base64.b64encode(self.private.sign(_signed_bytes(receipt))).decode(),
            },
        }


def signing_key(path: Path) -> SigningKey:
    """The key in `path` (PKCS#8 PEM, mode 600), made where there is none. Raises Fault."""
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(path, pem.decode(), replace=False)
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Fault(
                f"{path} can be read by others than its owner. chmod 600 it, and think about a new key."
            )
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as err:
        raise Fault(f"{path} cannot be read: {(err.strerror or 'it fails').lower()}.") from err
    except (ValueError, TypeError, UnsupportedAlgorithm) as err:
        raise Fault(f"{path} is no key for receipts. Restore it from the backup.") from err
    if not isinstance(key, Ed25519PrivateKey):
        raise Fault(f"{path} is another kind of key, receipts need {_ALGORITHM}. Restore it from the backup.")
    return SigningKey(key)


def check(receipt: Json, public: Ed25519PublicKey | None) -> str:
    """The fingerprint of the key that signed the receipt. `public` None: the key that it names itself.

    Raises Forged.
    """
    signature = receipt.get(SIGNATURE)
    if not isinstance(signature, dict) or signature.get("algorithm") != _ALGORITHM:
        raise Forged("this is no signed receipt. Use the file as it was sent.")
    named = Ed25519PublicKey.from_public_bytes(_decoded(signature, "public_key", 32))
    if public is not None and _raw(public) != _raw(named):
        raise Forged(
            "the receipt was signed with another key than the one given. Ask the survey which is theirs."
        )
    unsigned = {name: value for name, value in receipt.items() if name != SIGNATURE}
    try:
        named.verify(_decoded(signature, "value", 64), _signed_bytes(unsigned))
    except InvalidSignature as err:
        raise Forged(
            "the receipt is not what was signed: it was changed. Use the file as it was sent."
        ) from err
    return fingerprint(named)


def public_key(path: Path) -> Ed25519PublicKey:
    """A published key (PEM). Raises Fault."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as err:
        raise Fault(f"{path} cannot be read: {(err.strerror or 'it fails').lower()}.") from err
    except (ValueError, UnsupportedAlgorithm) as err:
        raise Fault(f"{path} is no public key. Use the one that the survey published.") from err
    if not isinstance(key, Ed25519PublicKey):
        raise Fault(f"{path} is another kind of key, receipts are signed with {_ALGORITHM}.")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the key's 32 bytes, in groups that can be read aloud."""
    digest = hashlib.sha256(_raw(key)).hexdigest()[:32]
    return "-".join(digest[start : start + 8] for start in range(0, 32, 8))


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _decoded(signature: dict[str, Any], member: str, size: int) -> bytes:
    try:
        found = base64.b64decode(str(signature.get(member)), validate=True)
    except binascii.Error as err:
        raise Forged("the receipt's signature is damaged. Use the file as it was sent.") from err
    if len(found) != size:
        raise Forged("the receipt's signature is damaged. Use the file as it was sent.")
    return found


def _signed_bytes(receipt: Json) -> bytes:
    return json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
