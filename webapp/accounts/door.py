"""Signing in with a personal account. Guessing is slowed down for each account and source alone.

So nobody locks somebody else out: the right password from another source opens at any time. How long an
answer takes does not tell whether an account exists, is disabled or has no password yet.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.accounts.account import Account
from webapp.accounts.directory import Directory
from webapp.accounts.passwords import Passwords
from webapp.site import Entered, TurnedAway
from webapp.translation import gettext
from webapp.tries import Tries

_log = logging.getLogger(__name__)
_LONGEST_NAME = 64
LONGEST_WAIT_S = 900.0


@dataclass(frozen=True)
class AccountDoor:
    """Opens for accounts that have a password and are not disabled."""

    directory: Directory
    passwords: Passwords
    tries: Tries = field(default_factory=lambda: Tries(most_s=LONGEST_WAIT_S))
    template: str = "accounts/sign_in.html"

    def knock(self, form: Mapping[str, str], source: str) -> Entered | TurnedAway:
        """Judge a name and a password that came from `source`."""
        name, password = form.get("name", "").strip().lower(), form.get("password", "")
        if not name or not password:
            return TurnedAway(gettext("Please type your name and your password."))
        found = self.directory.find(name)
        # What was typed as a name may be a password: a log gets only names that there are.
        shown = name if found else "an unknown account"
        right, wait_s = self.attempt(found, name, password, source)
        if right and found is not None and self._stands(found):
            _log.info("%s signed in from %s", shown, source)
            return Entered(found.roles, found.name)
        _log.warning("sign-in of %s from %s refused; next try in %.0f s", shown, source, wait_s)
        if wait_s > 0:
            return TurnedAway(
                gettext(
                    "Not opened after too many tries. Please wait %(seconds)s seconds and try again.",
                    seconds=int(wait_s) + 1,
                )
            )
        return TurnedAway(gettext("Name or password is wrong."))

    def attempt(self, found: Account | None, name: str, password: str, source: str) -> tuple[bool, float]:
        """Whether the password is right, and the seconds to wait before this source's next try."""
        usable = None if found is None or found.disabled else found.password_hash
        key = f"{source} {name[:_LONGEST_NAME]}"
        right, wait_s = self.tries.attempt(key, lambda: self.passwords.right(usable, password))
        if right and found is not None and usable is not None and self.passwords.outdated(usable):
            self.directory.renew_hash(found, self.passwords.hashed(password))
        return right, wait_s

    def _stands(self, found: Account) -> bool:
        """Whether the account was not disabled or reset while its password was checked, which takes long."""
        now = self.directory.find(found.name)
        return now is not None and now.state == "active" and now.password_at == found.password_at
