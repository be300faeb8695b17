"""The short-lived identity that the database gets: a JWT (RFC 7519), signed with HMAC-SHA256.

The gateway and the database share the key. Times are real time.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable

import jwt

from couch.errors import Fault

ISSUER = "survey-gateway"
LIFE_S = 60
_REUSED_S = 20  # so each has at least 40 s before it when it is sent
_SKEW_S = 5  # clocks of a cluster's nodes may differ by so much
_SHORTEST_KEY = 32  # bytes; RFC 7518, 3.2
_ENTRIES = 20_000
_ROLES = "_couchdb.roles"


def mint(subject: str, roles: Iterable[str], key: bytes, now_s: int) -> str:
    """A token for `subject`, valid for `LIFE_S` seconds from `now_s` (seconds since 1970).

    Raises ValueError for a role that belongs to the database itself, such as `_admin`.
    """
    granted = list(roles)
    if any(role.startswith("_") for role in granted):
        raise ValueError("the gateway grants no role of the database's own")
    claims = {
        "sub": subject,
        "iss": ISSUER,
        "iat": now_s,
        "nbf": now_s - _SKEW_S,
        "exp": now_s + LIFE_S,
        _ROLES: granted,
    }
    return jwt.encode(claims, key, algorithm="HS256")


class Mint:
    """Makes tokens and hands each out again for some seconds; safe to share between threads."""

    def __init__(self, key: bytes) -> None:
        """Raises Fault when the key is too short."""
        if len(key) < _SHORTEST_KEY:
            raise Fault(
                f"the key that signs the gateway's tokens has {len(key)} bytes: it needs {_SHORTEST_KEY}. "
                "Make one with: openssl rand -base64 32"
            )
        self._key = key
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[str, tuple[str, ...]], tuple[int, str]] = OrderedDict()

    def token(self, subject: str, roles: tuple[str, ...], now_s: int) -> str:
        """A token with at least 40 s before it."""
        with self._lock:
            found = self._made.get((subject, roles))
            if found is not None and 0 <= now_s - found[0] < _REUSED_S:
                return found[1]
        made = mint(subject, roles, self._key, now_s)
        with self._lock:
            self._made[subject, roles] = (now_s, made)
            self._made.move_to_end((subject, roles))
            if len(self._made) > _ENTRIES:
                self._made.popitem(last=False)
        return made
