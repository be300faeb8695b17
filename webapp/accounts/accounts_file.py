"""The SQLite file that holds the accounts: opening it, its tables, its transactions.

Why a file beside the pages and not CouchDB: docs/decisions. Several processes may use it at once (the pages
and `survey account`).
"""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from couch.errors import Fault
from webapp.connections import PerThread

_APPLICATION = 0x53555256  # "SURV" in SQLite's application_id: tells our files from others
_VERSION = 1
_BUSY_S = 10.0
_TABLES = """
CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  roles TEXT NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0,
  password_hash TEXT,
  created_at INTEGER NOT NULL,
  password_at INTEGER,
  signed_in_at INTEGER
) STRICT;
-- One-time links: at most one an account. Used, it is gone.
CREATE TABLE link (
  hash BLOB PRIMARY KEY,
  account INTEGER NOT NULL UNIQUE REFERENCES account,
  expires_at INTEGER NOT NULL
) STRICT;
-- `roles`: the account's when this id was given out; when they differ, the session gets another id.
CREATE TABLE session (
  hash BLOB PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES account,
  roles TEXT NOT NULL,
  began_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_by_account ON session (account);
"""


class AccountsFile:
    """Opened once a process; each thread has a connection of its own."""

    def __init__(self, file: Path) -> None:
        """Opens `file`, or makes it for its owner alone. Raises Fault where that cannot be."""
        self.file = file
        _make_private(file)
        self._connection = PerThread(self._connect)
        try:
            self._prepare(self._connection())
        except sqlite3.Error as err:
            raise self._fault(err) from err

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent state of all tables, or a single statement. Raises Fault."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All of the changes inside, on disk when the block ends, or none of them. Raises Fault."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._connection()
            connection.execute(begin)
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()
        except sqlite3.Error as err:
            raise self._fault(err) from err

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.file, timeout=_BUSY_S, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")  # what was taken away stays so after a power failure
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if not tables and not application:
            for statement in _TABLES.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.commit()
        if tables and application != _APPLICATION:
            raise Fault(f"{self.file} is a database of something else: set `accounts_file` to another place")
        if version > _VERSION:
            raise Fault(f"{self.file} was written by a newer version of the survey: update this one")

    def _fault(self, err: sqlite3.Error) -> Fault:
        return Fault(
            f"the accounts file {self.file} cannot be used ({err}): check that it is one, that its folder is "
            "writable for this service and the disk not full"
        )


def _make_private(file: Path) -> None:
    """SQLite gives its files beside it (-wal, -shm) the mode of this one."""
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        mode = stat.S_IMODE(file.stat().st_mode)
    except OSError as err:
        raise Fault(
            f"the accounts file {file} cannot be opened ({(err.strerror or '').lower()}): run this as the "
            "user of the pages, in a folder that it may write, or set `accounts_file` to another place"
        ) from err
    if mode & 0o077:
        raise Fault(f"the accounts file {file} can be read by others (mode {mode:04o}): chmod 600 {file}")
