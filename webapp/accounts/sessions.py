"""The sessions of accounts, kept here under their ids' hashes. They end; all times are real seconds.

A session ends `idle_s` after it was last used, at the latest `longest_s` after it began, and when its account
is disabled or reset. Roles are read from the account each time: taking one away holds at the next request,
and the session gets another id then.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from sqlite3 import Connection, Row

from webapp.accounts.accounts_file import AccountsFile
from webapp.session_cookie import new_token, token_hash
from webapp.site import Entered, SignedIn

_FIND = """
SELECT session.account, session.roles AS roles_then, began_at, seen_at, name, account.roles, disabled
FROM session JOIN account ON account.id = session.account WHERE hash = ?
"""


@dataclass(frozen=True)
class AccountSessions:
    """`idle_s` and `longest_s` in real seconds; `wall`: real seconds since 1970."""

    file: AccountsFile
    idle_s: int
    longest_s: int
    wall: Callable[[], float] = time.time

    def begin(self, entered: Entered) -> str:
        """A new session of the account `entered.account`; its id. What has ended is cleared away."""
        now, token = int(self.wall()), new_token()
        with self.file.writing() as tables:
            tables.execute(
                "DELETE FROM session WHERE began_at <= ? OR seen_at <= ?",
                (now - self.longest_s, now - self.idle_s),
            )
            tables.execute(
                "INSERT INTO session (hash, account, roles, began_at, seen_at) "
                "SELECT ?, id, roles, ?, ? FROM account WHERE name = ? AND NOT disabled",
                (token_hash(token), now, now, entered.account),
            )
            tables.execute("UPDATE account SET signed_in_at = ? WHERE name = ?", (now, entered.account))
        return token

    def find(self, token: str) -> SignedIn | None:
        """The session with this id; its `token` is another one from now on when the roles have changed."""
        now, known = int(self.wall()), token_hash(token)
        with self.file.reading() as tables:
            row = tables.execute(_FIND, (known,)).fetchone()
        if row is None or self._ended(row, now):
            return None
        roles = tuple(row["roles"].split())
        if row["roles_then"] != row["roles"]:
            fresh = self._with_another_id(known, row["roles"])
            return SignedIn(roles, row["name"], fresh) if fresh else None
        if now - row["seen_at"] >= min(60, self.idle_s // 10):  # not a write for each request
            with self.file.writing() as tables:
                tables.execute("UPDATE session SET seen_at = ? WHERE hash = ?", (now, known))
        return SignedIn(roles, row["name"], token)

    def end(self, token: str) -> None:
        """End this session."""
        with self.file.writing() as tables:
            tables.execute("DELETE FROM session WHERE hash = ?", (token_hash(token),))

    def count(self, name: str) -> int:
        """How many sessions of an account hold now."""
        now = int(self.wall())
        with self.file.reading() as tables:
            rows = tables.execute(
                "SELECT began_at, seen_at, 0 AS disabled FROM session JOIN account ON account.id = account "
                "WHERE name = ?",
                (name,),
            ).fetchall()
        return sum(not self._ended(row, now) for row in rows)

    def _ended(self, row: Row, now: int) -> bool:
        return bool(
            row["disabled"] or now - row["began_at"] >= self.longest_s or now - row["seen_at"] >= self.idle_s
        )

    def _with_another_id(self, known: bytes, roles: str) -> str | None:
        """A new id for the session; None where another request was quicker."""
        fresh = new_token()
        with self.file.writing() as tables:
            changed = tables.execute(
                "UPDATE session SET hash = ?, roles = ? WHERE hash = ?", (token_hash(fresh), roles, known)
            ).rowcount
        return fresh if changed else None


def end_all(tables: Connection, account: int) -> None:
    """End every session of an account, inside a transaction of the caller."""
    tables.execute("DELETE FROM session WHERE account = ?", (account,))
