"""Passwords of `_users` accounts: PBKDF2 as CouchDB stores it, and a memory of what was found right.

Source: CouchDB `couch_passwords.erl`, `couch_users_db:save_doc/1`.
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from couch.node.answers import forbidden

_DIGESTS = {"sha": "sha1", "sha224": "sha224", "sha256": "sha256", "sha384": "sha384", "sha512": "sha512"}
_MAX_ITERATIONS = 10_000_000
_REMEMBERED = 1000


def derived_fields(password: str, iterations: int) -> dict[str, Any]:
    """The members that stand in an account document instead of its password. Takes a while."""
    salt = secrets.token_hex(16)
    return {
        "password_scheme": "pbkdf2",
        "pbkdf2_prf": "sha256",
        "salt": salt,
        "iterations": iterations,
        "derived_key": _derive("sha256", password, salt, iterations, 32),
    }


def matches(password: str, account: Mapping[str, Any]) -> bool:
    """Whether this is the account's password. Takes a while.

    Raises:
        HttpError: 403 where the account's scheme is not acceptable.
    """
    scheme = account.get("password_scheme")
    salt, key = account.get("salt"), account.get("derived_key")
    if scheme != "pbkdf2" or not isinstance(salt, str) or not isinstance(key, str):
        return False
    prf, iterations = account.get("pbkdf2_prf", "sha"), account.get("iterations", 10000)
    if prf not in _DIGESTS:
        raise forbidden("PRF is invalid")
    if not isinstance(iterations, int) or not 1 <= iterations <= _MAX_ITERATIONS:
        raise forbidden("Iteration count is too high for this server")
    found = _derive(prf, password, salt, iterations, len(key) // 2)
    return hmac.compare_digest(found.encode(), key.encode())


def _derive(prf: str, password: str, salt: str, iterations: int, size: int) -> str:
    name = _DIGESTS[prf]
    return hashlib.pbkdf2_hmac(name, password.encode(), salt.encode(), iterations, max(size, 1)).hex()


class Remembered:
    """Passwords found right since the node started, so that only the first request of an account is slow.

    What is kept is a keyed hash of name, password and the account's derived key: a changed account is asked
    anew.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, entry: tuple[str, str, str]) -> bool:
        return self._digest(entry) in self._known

    def add(self, entry: tuple[str, str, str]) -> None:
        """`entry` is name, password, derived key."""
        self._known[self._digest(entry)] = None
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def _digest(self, entry: tuple[str, str, str]) -> bytes:
        return hmac.digest(self._key, "\0".join(entry).encode(), "sha256")
