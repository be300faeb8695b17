"""The accounts: who there is, and everything that changes them. Each change is one transaction.

Whatever takes something away (a role, the account, its password) holds at the next request of every session.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from sqlite3 import Connection, Row

from couch.errors import Fault
from couch.names import ADMINISTRATOR
from webapp.accounts.account import Account, checked_name, checked_roles
from webapp.accounts.accounts_file import AccountsFile
from webapp.accounts.sessions import end_all
from webapp.session_cookie import new_token, token_hash

_ACCOUNT = (
    "SELECT id, name, roles, disabled, password_hash, created_at, password_at, signed_in_at FROM account "
)

_BEHIND_LINK = _ACCOUNT + (
    "JOIN link ON link.account = account.id WHERE NOT disabled AND hash = ? AND expires_at > ?"
)


class LastAdministrator(Fault):
    """The change would leave no administrator who can sign in."""


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link's secret, to be shown once, and the real second at which it ends."""

    token: str
    expires_at: int


@dataclass(frozen=True)
class Directory:
    """`wall`: real seconds since 1970."""

    file: AccountsFile
    wall: Callable[[], float] = time.time

    def all(self) -> list[Account]:
        """Every account, by name."""
        with self.file.reading() as tables:
            return [_account(row) for row in tables.execute(_ACCOUNT + "ORDER BY name")]

    def find(self, name: str) -> Account | None:
        with self.file.reading() as tables:
            return _find(tables, name)

    def add(self, name: str, roles: Iterable[str], *, valid_s: int) -> Link:
        """A new account without a password; its link of invitation. Raises Fault."""
        with self.file.writing() as tables:
            if _find(tables, checked_name(name)) is not None:
                raise Fault(
                    f"there is an account {name} already: change it with `survey account role`, give it a "
                    "new link with `survey account reset`, or choose another name"
                )
            tables.execute(
                "INSERT INTO account (name, roles, created_at) VALUES (?, ?, ?)",
                (name, " ".join(checked_roles(roles)), self._now()),
            )
            return self._link(tables, _known(tables, name), valid_s)

    def set_roles(self, name: str, roles: Iterable[str], *, keep_administrator: bool = False) -> Account:
        """Give the account exactly these roles. Raises Fault.

        `keep_administrator`, here and below: nothing is changed where no administrator could sign in any more
        (LastAdministrator, a Fault); the command line can mend even that.
        """
        with self.file.writing() as tables:
            account = _known(tables, name)
            tables.execute(
                "UPDATE account SET roles = ? WHERE id = ?", (" ".join(checked_roles(roles)), account.id)
            )
            _check_administrators(tables, keep_administrator)
            return _known(tables, name)

    def disable(self, name: str, *, keep_administrator: bool = False) -> Account:
        """Keep the person out, at once and everywhere, until `enable`. Raises Fault."""
        with self.file.writing() as tables:
            account = _known(tables, name)
            tables.execute("UPDATE account SET disabled = 1 WHERE id = ?", (account.id,))
            tables.execute("DELETE FROM link WHERE account = ?", (account.id,))
            end_all(tables, account.id)
            _check_administrators(tables, keep_administrator)
            return _known(tables, name)

    def remove(self, name: str, *, keep_administrator: bool = False) -> None:
        """Take the account away, with its link and sessions, at once. Raises Fault."""
        with self.file.writing() as tables:
            account = _known(tables, name)
            end_all(tables, account.id)
            tables.execute("DELETE FROM link WHERE account = ?", (account.id,))
            tables.execute("DELETE FROM account WHERE id = ?", (account.id,))
            _check_administrators(tables, keep_administrator)

    def enable(self, name: str) -> Account:
        """Let the person in again, with the password from before. Raises Fault."""
        with self.file.writing() as tables:
            tables.execute("UPDATE account SET disabled = 0 WHERE id = ?", (_known(tables, name).id,))
            return _known(tables, name)

    def reset(self, name: str, *, valid_s: int, keep_administrator: bool = False) -> Link:
        """Take the password away, end every session, and give a link to set another. Raises Fault."""
        with self.file.writing() as tables:
            account = _known(tables, name)
            if account.disabled:
                raise Fault(f"the account {name} is disabled: `survey account enable {name}` first")
            tables.execute(
                "UPDATE account SET password_hash = NULL, password_at = NULL WHERE id = ?", (account.id,)
            )
            end_all(tables, account.id)
            _check_administrators(tables, keep_administrator)
            return self._link(tables, account, valid_s)

    def behind_link(self, token: str) -> Account | None:
        """Whose link this is; None when it was used, replaced, has ended, or never was one."""
        with self.file.reading() as tables:
            return self._behind(tables, token)

    def use_link(self, token: str, password_hash: str) -> Account | None:
        """Set the password and use the link up; None as for `behind_link`, and nothing is changed then."""
        with self.file.writing() as tables:
            account = self._behind(tables, token)
            if account is not None:
                tables.execute("DELETE FROM link WHERE account = ?", (account.id,))
                self._set_password(tables, account, password_hash)
            return account

    def change_password(self, name: str, password_hash: str) -> None:
        """Set another password and end every session, the caller's too. Raises Fault."""
        with self.file.writing() as tables:
            account = _known(tables, name)
            tables.execute("DELETE FROM link WHERE account = ?", (account.id,))
            self._set_password(tables, account, password_hash)

    def renew_hash(self, account: Account, password_hash: str) -> None:
        """Store the same password's hash of newer parameters, unless the password was changed since."""
        with self.file.writing() as tables:
            tables.execute(
                "UPDATE account SET password_hash = ? WHERE id = ? AND password_hash = ?",
                (password_hash, account.id, account.password_hash),
            )

    def sign_out_everywhere(self, name: str) -> None:
        """End every session of the account. Raises Fault."""
        with self.file.writing() as tables:
            end_all(tables, _known(tables, name).id)

    def _behind(self, tables: Connection, token: str) -> Account | None:
        row = tables.execute(_BEHIND_LINK, (token_hash(token), self._now())).fetchone()
        return _account(row) if row else None

    def _link(self, tables: Connection, account: Account, valid_s: int) -> Link:
        link = Link(new_token(), self._now() + valid_s)
        tables.execute("DELETE FROM link WHERE account = ?", (account.id,))
        tables.execute(
            "INSERT INTO link (hash, account, expires_at) VALUES (?, ?, ?)",
            (token_hash(link.token), account.id, link.expires_at),
        )
        return link

    def _set_password(self, tables: Connection, account: Account, password_hash: str) -> None:
        tables.execute(
            "UPDATE account SET password_hash = ?, password_at = ? WHERE id = ?",
            (password_hash, self._now(), account.id),
        )
        end_all(tables, account.id)

    def _now(self) -> int:
        return int(self.wall())


def _check_administrators(tables: Connection, keep: bool) -> None:
    """Raises LastAdministrator, so that the transaction around it changes nothing."""
    if not keep:
        return
    rows = tables.execute(_ACCOUNT + "WHERE NOT disabled AND password_hash IS NOT NULL")
    if not any(ADMINISTRATOR in _account(row).roles for row in rows):
        raise LastAdministrator(
            "nobody would be left who may administer accounts: make somebody else an administrator first"
        )


def _find(tables: Connection, name: str) -> Account | None:
    row = tables.execute(_ACCOUNT + "WHERE name = ?", (name,)).fetchone()
    return _account(row) if row else None


def _known(tables: Connection, name: str) -> Account:
    account = _find(tables, name)
    if account is None:
        raise Fault(f"there is no account {name!r}: `survey account list` shows those that are")
    return account


def _account(row: Row) -> Account:
    return Account(
        id=row["id"],
        name=row["name"],
        roles=tuple(row["roles"].split()),
        disabled=bool(row["disabled"]),
        password_hash=row["password_hash"],
        created_at=row["created_at"],
        password_at=row["password_at"],
        signed_in_at=row["signed_in_at"],
    )
