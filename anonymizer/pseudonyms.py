"""Pseudonyms: keyed hashes that only the holder of the key can connect with a household.

HMAC-SHA256 (RFC 2104) over the kind and the uuid, cut to 128 bits: two of 10^6 names collide with a
probability below 10^-26, and no meter's pseudonym equals a household's.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path

from couch.errors import Fault
from couch.settings import secret_from_file

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """The names under which research knows households, meters and installations."""

    key: bytes = field(repr=False)

    def household(self, uuid: str) -> str:
        return self._name("household", uuid)

    def meter(self, uuid: str) -> str:
        return self._name("meter", uuid)

    def pv_system(self, uuid: str) -> str:
        return self._name("pv_system", uuid)

    def _name(self, kind: str, uuid: str) -> str:
        return hmac.new(self.key, f"{kind}:{uuid}".encode(), hashlib.sha256).hexdigest()[:32]


def load_pseudonyms(path: Path) -> Pseudonyms:
    """The pseudonyms of the key in `path` (64 hex digits, made by `survey centre init`).

    Raises Fault where the file is missing, readable for others or holds something else. A key that changed
    would publish every household a second time, so none is ever made up here.
    """
    text = secret_from_file(path).reveal().strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise Fault(
            f"{path} holds no pseudonym key: it takes {2 * KEY_BYTES} hex digits. "
            "Restore the file from the backup; `survey centre init` makes one only where there is none."
        )
    return Pseudonyms(key)
