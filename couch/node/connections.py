"""The connections to one SQLite file: one writer, readers beside it (write-ahead log)."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_IDLE_READERS = 2
_BUSY_TIMEOUT_S = 30.0


class DatabaseGoneError(Exception):
    """The database was deleted while somebody read or wrote it."""


class Connections:
    """Opens connections when they are needed, keeps few of them. Safe for use by many threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._write_lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with. Raises DatabaseGoneError after `close`."""
        with self._lock:
            # Never open the path again after the end: another database of that name may be there.
            if self._closed:
                raise DatabaseGoneError
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._open()
        try:
            yield connection
        finally:
            with self._lock:
                keep = not self._closed and len(self._idle) < _IDLE_READERS
                if keep:
                    self._idle.append(connection)
            if not keep:
                connection.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a transaction; it is durable on disk when the block is left.

        Left by an exception, nothing of it stays.
        """
        with self._write_lock:
            connection = self._writing()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # Closing rolls back; after a failed commit nothing about the connection can be relied on.
                self._writer = None
                connection.close()
                raise

    def rewrite(self) -> None:
        """Write the file anew without free pages, so that nothing deleted is left in it or in its log."""
        with self._write_lock:
            connection = self._writing()
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close every connection; those in use close when they are given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        with self._write_lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def rest(self) -> None:
        """Close what is not in use now; the next use opens it again."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        if self._write_lock.acquire(blocking=False):
            try:
                if self._writer is not None:
                    self._writer.close()
                    self._writer = None
            finally:
                self._write_lock.release()

    def _writing(self) -> sqlite3.Connection:
        if self._closed:
            raise DatabaseGoneError
        self._writer = self._writer or self._open()
        return self._writer

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{_quoted(self._path)}?mode=rw",
            uri=True,
            timeout=_BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )
        # FULL: a commit is on the disk before it returns, so a 201 survives a power failure.
        connection.execute("PRAGMA synchronous = FULL")
        return connection


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
