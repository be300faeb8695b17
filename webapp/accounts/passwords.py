"""Passwords: what they must be (length, nothing about their characters) and their argon2id hashes."""

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.translation import gettext

SHORTEST, LONGEST = 12, 200  # characters
_AT_ONCE = 2  # each takes 64 MiB and a core for a moment
# RFC 9106, section 4, second choice: 64 MiB, 3 passes, 4 lanes.
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)


def fault_of(password: str, name: str) -> str | None:
    """Why this cannot be the password of account `name`, in the reader's language; None when it can be."""
    plain = _canonical(password)
    if len(plain) > LONGEST:
        return gettext("Please take a password of at most %(count)s characters.", count=LONGEST)
    if len(plain.casefold().replace(name.casefold(), "")) < SHORTEST:
        return gettext(
            "Please take a password of at least %(count)s characters; the account's name does not count.",
            count=SHORTEST,
        )
    return None


class Passwords:
    """Hashes and checks; a check costs the same whether or not there is anything to check."""

    def __init__(self, hasher: PasswordHasher = _HASHER) -> None:
        self._hasher = hasher
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._nobodys = hasher.hash("the password of nobody at all")

    def hashed(self, password: str) -> str:
        """The salted argon2id hash to store."""
        with self._slots:
            return self._hasher.hash(_canonical(password))

    def right(self, stored: str | None, password: str) -> bool:
        """Whether `password` has the hash `stored`; None costs the same work and is never right."""
        plain = _canonical(password)
        fits = len(plain) <= LONGEST
        with self._slots:
            try:
                self._hasher.verify(stored or self._nobodys, plain if fits else "")
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None and fits

    def outdated(self, stored: str) -> bool:
        """Whether a hash was made with other parameters than new ones are."""
        return self._hasher.check_needs_rehash(stored)


def _canonical(password: str) -> str:
    """One form for what different keyboards send for the same letters."""
    return unicodedata.normalize("NFKC", password)
