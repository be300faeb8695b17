"""One SQLite transaction, the same way for every file beside the certificate authority."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Commit at the end, roll back after any exception, an interruption too; that is raised on.

    Other processes' writers wait from the beginning (BEGIN IMMEDIATE), so what is read inside stays true. The
    connection has `isolation_level=None`. Raises sqlite3.Error.
    """
    database.execute("BEGIN IMMEDIATE")
    try:
        yield database
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise
