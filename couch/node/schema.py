"""The SQLite file of one database: its tables, and how to tell such a file from any other."""

import secrets
import sqlite3
import struct
import time
from pathlib import Path

from couch.durable import sync_to_disk
from couch.errors import Fault

APPLICATION_ID = 0x53757276  # "Surv", bytes 68 to 71 of the file
FORMAT = 1  # bytes 60 to 63; a newer program may raise it, an older one then refuses the file
_HEADER_SIZE = 100
_MAGIC = b"SQLite format 3\x00"

_TABLES = """
CREATE TABLE state (
    only INTEGER PRIMARY KEY CHECK (only = 0),
    instance TEXT NOT NULL,
    created INTEGER NOT NULL,
    update_seq INTEGER NOT NULL,
    purge_seq INTEGER NOT NULL,
    doc_count INTEGER NOT NULL,
    deleted_count INTEGER NOT NULL,
    revs_limit INTEGER NOT NULL,
    purged_infos_limit INTEGER NOT NULL,
    security TEXT NOT NULL
);
CREATE TABLE docs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    deleted INTEGER NOT NULL,
    rev TEXT NOT NULL,
    tree TEXT,
    body TEXT NOT NULL
);
CREATE INDEX live ON docs (id) WHERE deleted = 0;
CREATE TABLE bodies (
    id TEXT NOT NULL,
    rev TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (id, rev)
) WITHOUT ROWID;
CREATE TABLE locals (
    id TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE purges (
    purge_seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    revs TEXT NOT NULL
);
"""
# docs.body is the winner's; bodies holds the other revisions' until compaction.

DEFAULT_REVS_LIMIT = 1000
DEFAULT_PURGED_INFOS_LIMIT = 1000
DEFAULT_SECURITY = '{"members":{"roles":["_admin"]},"admins":{"roles":["_admin"]}}'


def create_file(path: Path) -> None:
    """Make an empty database at `path`; durable when this returns.

    Raises:
        FileExistsError: something is there.
    """
    path.open("xb").close()
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # In rollback mode first, so that the marks are in the main file from the start, not in a log.
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("BEGIN IMMEDIATE")
        for statement in _TABLES.split(";"):
            if statement.strip():
                connection.execute(statement)
        connection.execute(
            "INSERT INTO state VALUES (0, ?, ?, 0, 0, 0, 0, ?, ?, ?)",
            (
                secrets.token_hex(16),
                int(time.time()),
                DEFAULT_REVS_LIMIT,
                DEFAULT_PURGED_INFOS_LIMIT,
                DEFAULT_SECURITY,
            ),
        )
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    sync_to_disk(path.parent)


def is_unborn(path: Path) -> bool:
    """Whether `path` is what a crash in the middle of `create_file` leaves: nothing was ever committed.

    A journal lies beside the file only then: from its first use on, a database keeps a log instead.
    """
    header = _header(path)
    if not header:
        return True
    if header[:16] != _MAGIC or _field(header, 68) != APPLICATION_ID:
        return False
    return _field(header, 60) == 0 or path.with_name(path.name + "-journal").exists()


def check_file(path: Path) -> None:
    """Make sure that `path` is a database that this program can read.

    Raises:
        Fault: it is another kind of file, or of a newer format.
    """
    header = _header(path)
    if header[:16] != _MAGIC or _field(header, 68) != APPLICATION_ID:
        raise Fault(
            f"{path} is not a database of this node: it was written by another program. "
            "Move it out of the data folder, or name another folder with --data."
        )
    if _field(header, 60) > FORMAT:
        raise Fault(
            f"{path} has format {_field(header, 60)}, this program knows format {FORMAT}: a newer version "
            "wrote it. Install that version, or name another folder with --data."
        )


def _header(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEADER_SIZE)


def _field(header: bytes, offset: int) -> int:
    if len(header) < offset + 4:
        return 0
    (value,) = struct.unpack_from(">I", header, offset)
    return int(value)
