"""Private keys: EC P-256, at rest only as PKCS#8 sealed with a pass phrase."""

import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from couch.errors import Fault
from couch.secret import Secret

Key = ec.EllipticCurvePrivateKey
_SEALED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


def new_key() -> Key:
    """A fresh key on P-256 (secp256r1), the only curve of the survey's certificates."""
    return ec.generate_private_key(ec.SECP256R1())


def sealed(key: Key, passphrase: Secret) -> str:
    """The key as encrypted PKCS#8 PEM (PBES2, AES-256), as `openssl pkey` reads it."""
    seal = BestAvailableEncryption(passphrase.reveal().encode())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, seal).decode()


def bare(key: Key) -> str:
    """The key as PKCS#8 PEM without a seal: for a server that starts unattended, in a file of mode 600."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def open_sealed(path: Path, passphrase: Secret) -> Key:
    """The key in a file that `sealed` wrote.

    Raises Fault: unreadable, open to others, not sealed, wrong pass phrase, another kind of key.
    """
    pem = read_key_file(path)
    if not pem.startswith(_SEALED):
        raise Fault(f"{path} is not a key sealed with a pass phrase. Restore it from the backup.")
    try:
        key = load_pem_private_key(pem, passphrase.reveal().encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as err:
        raise Fault(
            f"{path} does not open: the pass phrase is wrong, or the file is damaged. "
            "Give the pass phrase that it was sealed with, or restore it from the backup."
        ) from err
    return _on_p256(key, path)


def open_bare(path: Path) -> Key:
    """The key in a file that `bare` wrote. Raises Fault."""
    try:
        key = load_pem_private_key(read_key_file(path), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as err:
        raise Fault(
            f"{path} does not hold a private key without a pass phrase. Move it away to have one made."
        ) from err
    return _on_p256(key, path)


def read_key_file(path: Path) -> bytes:
    """What stands in a key's file. Raises Fault when it is unreadable or others may read it."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_bytes()
    except OSError as err:
        why = (err.strerror or type(err).__name__).lower()
        raise Fault(
            f"the key {path} cannot be read: {why}. Bring it there, or run this as the user who owns it."
        ) from err
    if mode & 0o077:
        raise Fault(f"the key {path} can be read by others (mode {mode:04o}). Run chmod 600 {path}.")
    return content


def _on_p256(key: object, path: Path) -> Key:
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise Fault(f"the key {path} is not one on the curve P-256. Restore it from the backup.")
