"""The index of one design document's views: a SQLite file of rows in view order.

A cache: it can be thrown away and built anew at any time, so a file that cannot be read is. Every method
blocks. One thread at a time writes (the updater holds a lock); any number read beside it (WAL).
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from couch.node.collation import collation_key, raw_key
from couch.node.views.definition import ViewGroup
from couch.node.views.mapped import MappedDocument

_FORMAT = 1
_READERS = 2  # connections kept for the next query
_SCHEMA = """
CREATE TABLE state(format INTEGER, instance TEXT, update_seq INTEGER, purge_seq INTEGER);
CREATE TABLE totals(map INTEGER PRIMARY KEY, rows INTEGER NOT NULL);
CREATE TABLE rows(
    map INTEGER NOT NULL, sort BLOB NOT NULL, id TEXT NOT NULL, n INTEGER NOT NULL,
    key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(map, sort, id, n)
) WITHOUT ROWID;
CREATE INDEX rows_of_document ON rows(id);
"""


@dataclass(frozen=True, slots=True)
class IndexState:
    """How far an index has read its database."""

    update_seq: int
    purge_seq: int


class Index:
    """One open index file, of one incarnation of a database."""

    def __init__(self, path: Path, group: ViewGroup, instance: str) -> None:
        self.path, self.group, self.instance = path, group, instance
        self._readers: list[sqlite3.Connection] = []
        self._guard = Lock()
        self._closed = False
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._writer = self._open()
        except sqlite3.DatabaseError:
            _remove(path)
            self._writer = self._open()

    def _open(self) -> sqlite3.Connection:
        connection = _connect(self.path)
        try:
            self._prepare(connection)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # what a power failure takes is indexed again
        connection.execute("PRAGMA secure_delete = ON")  # what leaves the database leaves the file
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'state'").fetchone()[0]
        found = connection.execute("SELECT format, instance FROM state").fetchone() if tables else None
        if found != (_FORMAT, self.instance):
            self._empty(connection)

    def _empty(self, connection: sqlite3.Connection) -> None:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for table in ("state", "totals", "rows"):
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute("INSERT INTO state VALUES (?, ?, 0, 0)", (_FORMAT, self.instance))
            connection.executemany(
                "INSERT INTO totals VALUES (?, 0)", [(number,) for number in range(len(self.group.maps))]
            )

    def reset(self) -> None:
        """Forget everything: what is indexed is not what the database holds."""
        self._empty(self._writer)

    def state(self) -> IndexState:
        """What is indexed by now."""
        with self.reading() as connection:
            return read_state(connection)

    def sort_key(self, number: int) -> Callable[[Any], bytes]:
        """What gives the place of a key in the order of the map function of this number."""
        return raw_key if self.group.maps[number].raw else collation_key

    def forget(self, doc_ids: Sequence[str], purge_seq: int) -> None:
        """Take the rows of purged documents out, durable together with the sequence of the purge."""
        with self._writer:
            self._writer.execute("BEGIN IMMEDIATE")
            self._delete(doc_ids)
            self._writer.execute("UPDATE state SET purge_seq = ?", (purge_seq,))

    def apply(self, doc_ids: Sequence[str], mapped: Sequence[MappedDocument], update_seq: int) -> None:
        """Replace the rows of `doc_ids` by those of `mapped`, together with the sequence read up to."""
        with self._writer:
            self._writer.execute("BEGIN IMMEDIATE")
            if self._writer.execute("SELECT 1 FROM rows LIMIT 1").fetchone():
                self._delete(doc_ids)
            added = [0] * len(self.group.maps)
            rows = []
            for document in mapped:
                for number, emitted in enumerate(document.emitted):
                    added[number] += len(emitted)
                    rows += [
                        (number, row.sort, document.id, n, row.key, row.value)
                        for n, row in enumerate(emitted)
                    ]
            self._writer.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._writer.executemany(
                "UPDATE totals SET rows = rows + ? WHERE map = ?",
                [(count, number) for number, count in enumerate(added) if count],
            )
            self._writer.execute("UPDATE state SET update_seq = ?", (update_seq,))

    def _delete(self, doc_ids: Sequence[str]) -> None:
        removed = [0] * len(self.group.maps)
        for doc_id in doc_ids:
            for (number,) in self._writer.execute("DELETE FROM rows WHERE id = ? RETURNING map", (doc_id,)):
                removed[number] += 1
        self._writer.executemany(
            "UPDATE totals SET rows = rows - ? WHERE map = ?",
            [(count, number) for number, count in enumerate(removed) if count],
        )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the index until it is given back."""
        with self._guard:
            connection = self._readers.pop() if self._readers else None
        connection = connection or _connect(self.path)
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.rollback()
            with self._guard:
                keep = not self._closed and len(self._readers) < _READERS
                if keep:
                    self._readers.append(connection)
            if not keep:
                connection.close()

    def compact(self) -> None:
        """Give free pages back, so that nothing that was deleted stays in the file."""
        self._writer.execute("VACUUM")
        self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.stat().st_size for file in _files(self.path) if file.exists())

    def close(self) -> None:
        """Close the file; a query that still reads closes its connection when it ends."""
        with self._guard:
            self._closed = True
            readers, self._readers = self._readers, []
        for connection in readers:
            connection.close()
        self._writer.close()

    def remove(self) -> None:
        """Close it and delete the file."""
        self.close()
        _remove(self.path)


def read_state(connection: sqlite3.Connection) -> IndexState:
    """The state that a reading connection sees."""
    return IndexState(*connection.execute("SELECT update_seq, purge_seq FROM state").fetchone())


def total_rows(connection: sqlite3.Connection, number: int) -> int:
    """How many rows the map function of this number has."""
    total: int = connection.execute("SELECT rows FROM totals WHERE map = ?", (number,)).fetchone()[0]
    return total


def _connect(path: Path) -> sqlite3.Connection:
    # Calls come from a pool of threads, one after the other for each connection.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA cache_size = -4000")
    return connection


def _files(path: Path) -> list[Path]:
    return [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]


def _remove(path: Path) -> None:
    for file in _files(path):
        file.unlink(missing_ok=True)
