"""The two certificate extensions of the survey's own: who the device is, and what it may do.

Their object identifiers lie under an arc that needs no registration, 2.25 with a UUID (ITU-T X.667, 7.2);
the UUID is 134be717-1b39-495b-a597-62cdc861f80d. Both are not critical: verifiers that do not know them,
such as nginx, must accept the certificate.

| OID | value (DER) |
|---|---|
| ARC.1 identity | SEQUENCE OF UTF8String: kind (`device` or `farewell`), device uuid, household uuid |
| ARC.2 scopes | SEQUENCE OF UTF8String: names of couch.names.SCOPES, sorted; absent from a farewell |

The subject alternative name holds the same two uuids as `urn:uuid:` URIs, device first (design section 8);
the identity extension says which is which, so that nothing hangs on the order of names alone.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from cryptography import x509

ARC = "2.25.25649441251595045481493243120484218893"
IDENTITY = x509.ObjectIdentifier(f"{ARC}.1")
SCOPES = x509.ObjectIdentifier(f"{ARC}.2")

Kind = Literal["device", "farewell"]
DEVICE: Kind = "device"
FAREWELL: Kind = "farewell"

_SEQUENCE = 0x30
_UTF8_STRING = 0x0C
_SHORT = 128  # lengths below it take one byte (X.690, 8.1.3.4); our values never need more


def identity_extension(kind: Kind, device: str, household: str) -> x509.UnrecognizedExtension:
    """The extension that says whose certificate it is; uuids lower case with hyphens."""
    return x509.UnrecognizedExtension(IDENTITY, encode_texts([kind, device, household]))


def scopes_extension(scopes: Iterable[str]) -> x509.UnrecognizedExtension:
    """The extension that says what its holder may do."""
    return x509.UnrecognizedExtension(SCOPES, encode_texts(sorted(set(scopes))))


def encode_texts(texts: Sequence[str]) -> bytes:
    """DER of a SEQUENCE OF UTF8String. Raises ValueError from 128 bytes on."""
    parts = (text.encode() for text in texts)
    return _item(_SEQUENCE, b"".join(_item(_UTF8_STRING, part) for part in parts))


def decode_texts(der: bytes) -> list[str]:
    """The inverse of `encode_texts`. Raises ValueError for anything that it would not have written."""
    texts: list[str] = []
    rest = der[2:]
    while rest:
        end = 2 + (rest[1] if len(rest) > 1 else 0)
        texts.append(rest[2:end].decode())
        rest = rest[end:]
    if encode_texts(texts) != der:  # also wrong tags, wrong or long lengths, and bytes behind the end
        raise ValueError("no sequence of texts in the one form that DER has")
    return texts


def _item(tag: int, content: bytes) -> bytes:
    if len(content) >= _SHORT:
        raise ValueError("longer than an extension of ours can be")
    return bytes([tag, len(content)]) + content
