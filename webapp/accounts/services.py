"""What the pages of accounts work with."""

from dataclasses import dataclass

from webapp.accounts.directory import Directory
from webapp.accounts.door import AccountDoor
from webapp.accounts.passwords import Passwords
from webapp.accounts.sessions import AccountSessions


@dataclass(frozen=True)
class LinkTerms:
    """Of one-time links. `address`: what they begin with, None: as the page itself was reached; they hold for
    so many real seconds.
    """

    address: str | None = None
    invitation_s: int = 7 * 86_400
    reset_s: int = 86_400


@dataclass(frozen=True)
class AccountServices:
    """The parts that share one accounts file."""

    directory: Directory
    sessions: AccountSessions
    passwords: Passwords
    door: AccountDoor
    links: LinkTerms = LinkTerms()
