"""What the pages of accounts work with."""

from dataclasses import dataclass

from webapp.accounts.directory import Directory
from webapp.accounts.door import AccountDoor
from webapp.accounts.passwords import Passwords
from webapp.accounts.sessions import AccountSessions


@dataclass(frozen=True)
class AccountServices:
    """The parts that share one accounts file."""

    directory: Directory
    sessions: AccountSessions
    passwords: Passwords
    door: AccountDoor
