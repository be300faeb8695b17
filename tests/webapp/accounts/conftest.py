"""An accounts file with cheap passwords, and a clock that tests move on."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from webapp.accounts.accounts_file import AccountsFile
from webapp.accounts.directory import Directory
from webapp.accounts.door import LONGEST_WAIT_S, AccountDoor
from webapp.accounts.passwords import Passwords
from webapp.accounts.sessions import AccountSessions
from webapp.site import Entered, TurnedAway
from webapp.tries import Tries

HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"
WORDS = "correct horse battery"


@dataclass
class Seconds:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Counting(Passwords):
    """Counts how often the slow work is done."""

    checks = 0

    def right(self, stored: str | None, password: str) -> bool:
        self.checks += 1
        return super().right(stored, password)


@dataclass
class Accounts:
    """All parts over one file, as the pages have them."""

    path: Path
    wall: Seconds

    def __post_init__(self) -> None:
        self.file = AccountsFile(self.path)
        self.passwords = Counting(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.directory = Directory(self.file, self.wall)
        self.sessions = AccountSessions(self.file, 1800, 8 * 3600, self.wall)
        self.door = AccountDoor(
            self.directory, self.passwords, Tries(most_s=LONGEST_WAIT_S, monotonic=self.wall)
        )

    def with_password(self, name: str, *roles: str) -> None:
        self.directory.add(name, roles or ("researcher",), valid_s=60)
        self.directory.change_password(name, self.passwords.hashed(WORDS))

    def knock(self, name: str, password: str = WORDS, source: str = HOME) -> Entered | TurnedAway:
        return self.door.knock({"name": name, "password": password}, source)

    def begin(self, name: str) -> str:
        entered = self.knock(name)
        assert isinstance(entered, Entered)
        return self.sessions.begin(entered)

    def bytes(self) -> bytes:
        """All that is on disk."""
        return b"".join(file.read_bytes() for file in sorted(self.path.parent.iterdir()))


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    (tmp_path / "private").mkdir()
    return Accounts(tmp_path / "private" / "accounts.sqlite", Seconds())


@pytest.fixture
def ada(accounts: Accounts) -> Accounts:
    """With an account `ada` that has a password."""
    accounts.with_password("ada", "researcher", "analyst")
    return accounts
