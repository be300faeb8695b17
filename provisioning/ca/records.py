"""The authority's memory: every certificate's serial, uuids, validity, kind, revocation; never an email.

It must survive the erasure of a household, so nothing personal may come in: no names, no certificates of
devices. A certificate is recorded before it leaves, so that none is out there that cannot be revoked.
SQLite with a rollback journal and full synchronization: one file to back up, and what was said stays.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from couch.certificate import CertificateFacts
from couch.clock import from_rfc3339, to_rfc3339
from couch.errors import Fault
from provisioning.ca.record import AuthorityRecord, CertificateRecord, Verdict
from provisioning.ca.revocation_list import Reason
from provisioning.sqlite_transaction import transaction

_FORMAT = 1
_TABLES = """
CREATE TABLE certificates (
    serial TEXT PRIMARY KEY,
    issuer TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('root', 'issuing', 'device', 'farewell', 'server')),
    device TEXT,
    household TEXT,
    names TEXT,
    not_before TEXT NOT NULL,
    not_after TEXT NOT NULL,
    revoked_at TEXT,
    reason TEXT
) WITHOUT ROWID;
CREATE INDEX certificates_by_device ON certificates (device);
CREATE INDEX certificates_by_household ON certificates (household);
CREATE TABLE authorities (
    made INTEGER PRIMARY KEY,
    serial TEXT NOT NULL UNIQUE REFERENCES certificates (serial),
    certificate TEXT NOT NULL,
    takes_over_at TEXT,
    crl_number INTEGER NOT NULL DEFAULT 0
);
"""
_COLUMNS = "serial, issuer, kind, device, household, names, not_before, not_after, revoked_at, reason"
_WAIT_S = 10.0


class CertificateRecords:
    """The open records of an authority; safe to share between threads and with other processes."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Raises Fault when the file is missing, is none of ours, or was written by a newer version."""
        self._path = path
        self._lock = threading.Lock()
        if create:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with self._faults():
            self._database = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=_WAIT_S,
                isolation_level=None,
                check_same_thread=False,
            )
            self._database.execute("PRAGMA synchronous = EXTRA")
            if create:
                self._database.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {_FORMAT}; COMMIT;")
            found = self._database.execute("PRAGMA user_version").fetchone()[0]
        if found != _FORMAT:
            self.close()
            raise Fault(
                f"{path} has the format {found}, this version reads {_FORMAT}. "
                "Use the version of survey that wrote it."
            )

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, record: CertificateRecord) -> None:
        """Durable when this returns."""
        with self._transaction() as database:
            _insert(database, record)

    def add_authority(self, authority: AuthorityRecord) -> None:
        """Record an authority's certificate and, at once, that it is one."""
        with self._transaction() as database:
            _insert(database, authority.record)
            database.execute(
                "INSERT INTO authorities (serial, certificate, takes_over_at) VALUES (?, ?, ?)",
                (authority.record.serial, authority.certificate, _text(authority.takes_over_at)),
            )

    def take_over(self, serial: str, at: datetime) -> None:
        """Let a recorded issuing authority issue from `at` on."""
        with self._transaction() as database:
            database.execute(
                "UPDATE authorities SET takes_over_at = ? WHERE serial = ?", (to_rfc3339(at), serial)
            )

    def verdict(self, serial: str) -> Verdict:
        """What is known about a serial number."""
        with self._reading() as database:
            row = database.execute(
                "SELECT own.revoked_at, issuer.revoked_at FROM certificates own "
                "LEFT JOIN certificates issuer ON issuer.serial = own.issuer WHERE own.serial = ?",
                (serial,),
            ).fetchone()
        if row is None:
            return Verdict.UNKNOWN
        return Verdict.GOOD if row == (None, None) else Verdict.REVOKED

    def judge(self, facts: CertificateFacts) -> Verdict:
        """As `verdict`, and UNKNOWN where the certificate says something else than what was issued."""
        record = self.find(facts.serial)
        if record is None:
            return Verdict.UNKNOWN
        issued = (record.device, record.household, record.not_after, record.kind == "farewell")
        if issued != (facts.device, facts.household, facts.not_after, facts.farewell):
            return Verdict.UNKNOWN
        return self.verdict(facts.serial)

    def find(self, serial: str) -> CertificateRecord | None:
        """The record of a serial number."""
        found = self._select("serial = ?", serial)
        return found[0] if found else None

    def of_device(self, device: str) -> list[CertificateRecord]:
        """Every certificate a device ever had, oldest first."""
        return self._select("device = ?", device)

    def of_household(self, household: str) -> list[CertificateRecord]:
        """Every certificate of a household's devices, oldest first."""
        return self._select("household = ?", household)

    def all(self) -> list[CertificateRecord]:
        """Every certificate, oldest first."""
        return self._select("1")

    def revoked_by(self, issuer: str, since: datetime) -> list[CertificateRecord]:
        """What an issuer's list must hold: revoked, and not ended before `since`."""
        where = "issuer = ? AND revoked_at IS NOT NULL AND not_after >= ?"
        return self._select(where, issuer, to_rfc3339(since))

    def authorities(self) -> list[AuthorityRecord]:
        """The root and all issuing authorities, in the order in which they take over."""
        with self._reading() as database:
            rows = database.execute(
                f"SELECT {_COLUMNS}, certificate, takes_over_at FROM authorities "  # noqa: S608 - constants
                "JOIN certificates USING (serial) ORDER BY takes_over_at, made"
            ).fetchall()
        return [
            AuthorityRecord(record=_record(row[:-2]), certificate=row[-2], takes_over_at=_moment(row[-1]))
            for row in rows
        ]

    def revoke(self, serial: str, at: datetime, reason: Reason) -> bool:
        """Durable when this returns; False when it was revoked before, which then stands as it was."""
        with self._transaction() as database:
            changed = database.execute(
                "UPDATE certificates SET revoked_at = ?, reason = ? WHERE serial = ? AND revoked_at IS NULL",
                (to_rfc3339(at), reason, serial),
            ).rowcount
        return changed == 1

    def next_crl_number(self, issuer: str) -> int:
        """A number that no list of this issuer has had, also after a crash."""
        with self._transaction() as database:
            database.execute("UPDATE authorities SET crl_number = crl_number + 1 WHERE serial = ?", (issuer,))
            row = database.execute(
                "SELECT crl_number FROM authorities WHERE serial = ?", (issuer,)
            ).fetchone()
        return int(row[0])

    def _select(self, where: str, *values: str) -> list[CertificateRecord]:
        with self._reading() as database:
            rows = database.execute(
                f"SELECT {_COLUMNS} FROM certificates WHERE {where} ORDER BY not_before, serial",  # noqa: S608
                values,
            ).fetchall()
        return [_record(row) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._faults():
            yield self._database

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._faults(), transaction(self._database) as database:
            yield database

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as err:
            raise Fault(
                f"the authority's records in {self._path} cannot be used: {err}. "
                "Check the disk and who owns the file, or restore it from the backup."
            ) from err


def _insert(database: sqlite3.Connection, record: CertificateRecord) -> None:
    values = (
        record.serial,
        record.issuer,
        record.kind,
        record.device,
        record.household,
        " ".join(record.names) or None,
        to_rfc3339(record.not_before),
        to_rfc3339(record.not_after),
        _text(record.revoked_at),
        record.reason,
    )
    database.execute(
        f"INSERT INTO certificates ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        values,
    )


def _record(row: tuple[Any, ...]) -> CertificateRecord:
    serial, issuer, kind, device, household, names, not_before, not_after, revoked_at, reason = row
    return CertificateRecord(
        serial=serial,
        issuer=issuer,
        kind=kind,
        device=device,
        household=household,
        names=tuple((names or "").split()),
        not_before=from_rfc3339(not_before),
        not_after=from_rfc3339(not_after),
        revoked_at=_moment(revoked_at),
        reason=reason,
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else to_rfc3339(moment)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else from_rfc3339(text)
