"""What the centre remembers about enrolment, beside the authority's records: codes, replacements, returns.

One SQLite file, `enrolment.sqlite` in the authority's folder. Like the records it outlives an erasure, so it
holds uuids, serials, times and hashes, never a name or an email.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from couch.clock import from_rfc3339, to_rfc3339
from couch.errors import Fault
from provisioning.enrolment_codes import TRIES_WINDOW, CodeRecord
from provisioning.sqlite_transaction import transaction

FILE = "enrolment.sqlite"
_FORMAT = 1
_TABLES = """
CREATE TABLE codes (
    device TEXT PRIMARY KEY,
    household TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    made_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    wrong INTEGER NOT NULL DEFAULT 0,
    wrong_since TEXT,
    used_at TEXT,
    key TEXT,
    cancelled_at TEXT
) WITHOUT ROWID;
CREATE TABLE replacements (
    old TEXT PRIMARY KEY,
    new TEXT NOT NULL UNIQUE,
    household TEXT NOT NULL,
    at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE returns (
    new_serial TEXT PRIMARY KEY,
    old_serial TEXT NOT NULL,
    device TEXT NOT NULL,
    household TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    at TEXT NOT NULL,
    farewell INTEGER NOT NULL
) WITHOUT ROWID;
"""
_CODE = "device, household, code_hash, made_at, expires_at, wrong, wrong_since, used_at, key, cancelled_at"
_RETURN = "new_serial, old_serial, device, household, ended_at, at, farewell"
_WAIT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """The device `old` was broken; `new` reads its meters."""

    old: str
    new: str
    household: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A device came back although its certificate had ended: for the administrator to know."""

    new_serial: str
    old_serial: str
    device: str
    household: str
    ended_at: datetime
    at: datetime
    farewell: bool


class EnrolmentStore:
    """Safe to share between threads and with other processes. Every change is durable when it returns."""

    def __init__(self, folder: Path) -> None:
        """Open the store in an authority's folder; makes it where it is missing. Raises Fault."""
        self._path = folder / FILE
        self._lock = threading.Lock()
        with self._faults():
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            self._database = sqlite3.connect(
                self._path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
            )
            self._database.execute("PRAGMA synchronous = EXTRA")
            found = self._make_tables()
        if found != _FORMAT:
            self.close()
            raise Fault(
                f"{self._path} has the format {found}, this version reads {_FORMAT}. "
                "Use the version of survey that wrote it."
            )

    def _make_tables(self) -> int:
        """Of a new file; the format that the file has now."""
        with self._transaction() as database:
            version = int(database.execute("PRAGMA user_version").fetchone()[0])
            if version:
                return version
            for statement in _TABLES.split(";")[:-1]:
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {_FORMAT}")
        return _FORMAT

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- codes

    def put_code(self, code: CodeRecord) -> None:
        """The device's code from now on; an earlier one is no longer known."""
        with self._transaction() as database:
            _write_code(database, code)

    def code(self, device: str) -> CodeRecord | None:
        with self._lock, self._faults():
            return _read_code(self._database, device)

    def codes(self) -> list[CodeRecord]:
        with self._lock, self._faults():
            rows = self._database.execute(f"SELECT {_CODE} FROM codes ORDER BY household, device").fetchall()  # noqa: S608 - constants
        return [_code(row) for row in rows]

    def use_code(
        self, device: str, key: str, now: datetime, judge: Callable[[CodeRecord | None], CodeRecord]
    ) -> CodeRecord:
        """Let `judge` decide on the device's code and, when it does not raise, bind the code to `key`.

        Both in one transaction: of two that come at once with different keys, one gets it.
        """
        with self._transaction() as database:
            record = judge(_read_code(database, device))
            if record.used_at is None:
                database.execute(
                    "UPDATE codes SET used_at = ?, key = ? WHERE device = ?", (to_rfc3339(now), key, device)
                )
        return record

    def wrong_try(self, device: str, now: datetime) -> None:
        """Count a wrong code for the device; a new count begins when the last one's hour is over."""
        with self._transaction() as database:
            record = _read_code(database, device)
            if record is None:
                return
            fresh = record.wrong_since is None or now >= record.wrong_since + TRIES_WINDOW
            database.execute(
                "UPDATE codes SET wrong = ?, wrong_since = ? WHERE device = ?",
                (
                    1 if fresh else record.wrong + 1,
                    to_rfc3339(now if fresh or record.wrong_since is None else record.wrong_since),
                    device,
                ),
            )

    def cancel_code(self, device: str, household: str, now: datetime) -> None:
        """Nobody joins with the device's code any more, and no new one is made for it."""
        with self._transaction() as database:
            if _read_code(database, device) is None:  # its certificate was issued by hand
                _write_code(
                    database,
                    CodeRecord(device=device, household=household, code_hash="", made_at=now, expires_at=now),
                )
            database.execute(
                "UPDATE codes SET cancelled_at = ? WHERE device = ? AND cancelled_at IS NULL",
                (to_rfc3339(now), device),
            )

    # --- replacements

    def replace(self, replacement: Replacement) -> Replacement:
        """Record it, once: the one that stands for `old` from now on."""
        with self._transaction() as database:
            database.execute(
                "INSERT OR IGNORE INTO replacements (old, new, household, at) VALUES (?, ?, ?, ?)",
                (replacement.old, replacement.new, replacement.household, to_rfc3339(replacement.at)),
            )
            row = database.execute(
                "SELECT old, new, household, at FROM replacements WHERE old = ?", (replacement.old,)
            ).fetchone()
        return _replacement(row)

    def replacements(self) -> dict[str, Replacement]:
        """By the old device."""
        with self._lock, self._faults():
            rows = self._database.execute("SELECT old, new, household, at FROM replacements").fetchall()
        return {row[0]: _replacement(row) for row in rows}

    # --- returns

    def add_return(self, back: Return) -> None:
        with self._transaction() as database:
            database.execute(
                f"INSERT INTO returns ({_RETURN}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
                (
                    back.new_serial,
                    back.old_serial,
                    back.device,
                    back.household,
                    to_rfc3339(back.ended_at),
                    to_rfc3339(back.at),
                    int(back.farewell),
                ),
            )

    def returns(self) -> list[Return]:
        """Oldest first."""
        with self._lock, self._faults():
            rows = self._database.execute(f"SELECT {_RETURN} FROM returns ORDER BY at, new_serial").fetchall()  # noqa: S608
        return [
            Return(
                new_serial=row[0],
                old_serial=row[1],
                device=row[2],
                household=row[3],
                ended_at=from_rfc3339(row[4]),
                at=from_rfc3339(row[5]),
                farewell=bool(row[6]),
            )
            for row in rows
        ]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._faults(), transaction(self._database) as database:
            yield database

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as err:
            raise Fault(
                f"what is known about enrolment in {self._path} cannot be used: {err}. "
                "Check the disk and who owns the file, or restore it from the backup."
            ) from err


def _read_code(database: sqlite3.Connection, device: str) -> CodeRecord | None:
    row = database.execute(f"SELECT {_CODE} FROM codes WHERE device = ?", (device,)).fetchone()  # noqa: S608
    return None if row is None else _code(row)


def _write_code(database: sqlite3.Connection, code: CodeRecord) -> None:
    database.execute(
        f"INSERT OR REPLACE INTO codes ({_CODE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (
            code.device,
            code.household,
            code.code_hash,
            to_rfc3339(code.made_at),
            to_rfc3339(code.expires_at),
            code.wrong,
            _text(code.wrong_since),
            _text(code.used_at),
            code.key,
            _text(code.cancelled_at),
        ),
    )


def _code(row: tuple[str, ...]) -> CodeRecord:
    device, household, code_hash, made_at, expires_at, wrong, wrong_since, used_at, key, cancelled_at = row
    return CodeRecord(
        device=device,
        household=household,
        code_hash=code_hash,
        made_at=from_rfc3339(made_at),
        expires_at=from_rfc3339(expires_at),
        wrong=int(wrong),
        wrong_since=_moment(wrong_since),
        used_at=_moment(used_at),
        key=key,
        cancelled_at=_moment(cancelled_at),
    )


def _replacement(row: tuple[str, ...]) -> Replacement:
    return Replacement(old=row[0], new=row[1], household=row[2], at=from_rfc3339(row[3]))


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else to_rfc3339(moment)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else from_rfc3339(text)
