"""Signing in at the centre: the accounts are CouchDB's own, and their roles decide."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from couch.client import Session
from couch.errors import AccessDenied
from couch.names import ADMINISTRATOR, ANALYST, RESEARCHER
from webapp.site import Entered, TurnedAway
from webapp.translation import gettext
from webapp.tries import Tries

_PEOPLE = frozenset({RESEARCHER, ADMINISTRATOR, ANALYST})
_LONGEST = 200  # characters of a name or password that are looked at

# Who CouchDB takes a name and password for. Raises AccessDenied when they are wrong, Unreachable.
AskCouchDB = Callable[[str, str], Session]


@dataclass(frozen=True)
class CentreDoor:
    """Opens for accounts in `_users` with a role for people; guessing a name's password is slowed down."""

    ask: AskCouchDB
    tries: Tries = field(default_factory=lambda: Tries(most_s=60.0))
    template: str = "centre/sign_in.html"
    key: str = ""

    def knock(self, form: Mapping[str, str]) -> Entered | TurnedAway:
        name, password = form.get("name", "").strip(), form.get("password", "")
        if not name or not password:
            return TurnedAway(gettext("Please type your name and your password."))
        found: list[Session] = []
        right, wait_s = self.tries.attempt(name[:_LONGEST], lambda: self._right(name, password, found))
        if wait_s > 0:
            return TurnedAway(
                gettext(
                    "Not opened after too many tries. Please wait %(seconds)s seconds and try again.",
                    seconds=int(wait_s) + 1,
                )
            )
        if not right:
            return TurnedAway(gettext("Name or password is wrong."))
        held = tuple(sorted(_PEOPLE.intersection(found[0].roles)))
        if not held:
            return TurnedAway(
                gettext("This account is for machines: it is neither a researcher's nor an analyst's.")
            )
        return Entered(held, name)

    def _right(self, name: str, password: str, found: list[Session]) -> bool:
        # A colon would move part of the name into the password of basic authentication.
        if ":" in name or max(len(name), len(password)) > _LONGEST:
            return False
        try:
            session = self.ask(name, password)
        except AccessDenied:
            return False
        found.append(session)
        return session.name == name
