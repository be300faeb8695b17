"""The household code: whoever knows it sees the device's page. Only a salted hash of it is stored.

Codes are made here, not chosen: ten characters of an alphabet without look-alikes, 49 bits.
"""

import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from werkzeug.security import check_password_hash, generate_password_hash

from couch.errors import Fault
from webapp.access import PARTICIPANT
from webapp.site import Entered, TurnedAway
from webapp.translation import gettext
from webapp.tries import Tries

_log = logging.getLogger(__name__)
_LONGEST = 200  # characters of a code that are looked at
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no I, O, 0, 1
_GROUPS, _GROUP = 2, 5
# 4 MB instead of werkzeug's 32: the device has little memory, and a made code needs no more.
_METHOD = "scrypt:4096:8:2"


def make_code() -> str:
    """A fresh code, for example `K7QMX-3WPZD`."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def hash_code(code: str) -> str:
    """The salted hash to store."""
    return generate_password_hash(_canonical(code), method=_METHOD)


def checked_hash(text: str) -> str:
    """A stored hash without the white space around it. Raises Fault when it is none."""
    found = text.strip()
    if not found.startswith("scrypt:") or found.count("$") != 2:
        raise Fault(
            "the household code's hash is not one: it begins with scrypt: and holds two $ signs; "
            "`survey edge page --new-code` makes a code and stores its hash"
        )
    return found


def _canonical(code: str) -> str:
    """Case, spaces and dashes do not matter to whoever types it."""
    return "".join(code.upper().split()).replace("-", "")


@dataclass(frozen=True)
class HouseholdDoor:
    """Opens for the household code. Guessing is slowed down for each source alone: a guest who tries codes
    keeps nobody else out, and from all addresses of a home together 49 bits are not guessed.

    `stored` gives the code's hash as it is now, so that a new code holds at once. Raises Fault.
    """

    stored: Callable[[], str]
    tries: Tries = field(default_factory=Tries)
    template: str = "participant/sign_in.html"

    @property
    def key(self) -> str:
        """Changes with the code: sessions that an old one opened end."""
        return hashlib.sha256(self.stored().encode()).hexdigest()

    def knock(self, form: Mapping[str, str], source: str) -> Entered | TurnedAway:
        """Judge a code that came from `source`."""
        code = _canonical(form.get("code", ""))[:_LONGEST]
        if not code:
            return TurnedAway(gettext("Please type the household code."))
        # werkzeug compares in constant time
        right, wait_s = self.tries.attempt(source, lambda: check_password_hash(self.stored(), code))
        if right:
            return Entered((PARTICIPANT,))
        _log.warning("a wrong household code from %s; next try in %.0f s", source, wait_s)
        if wait_s > 0:
            return TurnedAway(
                gettext(
                    "Not opened after too many tries. Please wait %(seconds)s seconds and try again.",
                    seconds=int(wait_s) + 1,
                )
            )
        return TurnedAway(gettext("This is not the code of this household. Please check it and try again."))
