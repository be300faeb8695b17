"""One database: its state in memory, its reads and writes. Blocking calls belong into threads."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from couch.node import purging
from couch.node.answers import HttpError, not_found
from couch.node.connections import Connections
from couch.node.edits import Edit
from couch.node.locals import write_local
from couch.node.revision import Rev, parse_rev
from couch.node.source import ChangedDocument
from couch.node.stored import COLUMNS, Stored, body_of, json_text, read_one, render
from couch.node.writing import Batch, Result, Totals


@dataclass(frozen=True, slots=True)
class State:
    """The one row of `state`."""

    instance: str
    created: int  # seconds since 1970
    update_seq: int
    purge_seq: int
    doc_count: int
    deleted_count: int
    revs_limit: int
    purged_infos_limit: int
    security: dict[str, Any] = field(kw_only=True)


class Database:
    """A database that exists. `lock` is held while it changes, so that what is judged is what is written."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        self.connections = Connections(path)
        self.lock = asyncio.Lock()
        self.removed = False
        self.compacting = False
        self.state = self._load_state()
        self._validators: list[str] | None = None
        self._news = asyncio.Event()

    # What indexes ask for (couch.node.source.DocumentSource)

    @property
    def instance(self) -> str:
        return self.state.instance

    def instance_is_current(self) -> bool:
        return not self.removed

    def update_seq(self) -> int:
        return self.state.update_seq

    def purge_seq(self) -> int:
        return self.state.purge_seq

    def purged_ids(self, since_purge_seq: int) -> list[str]:
        with self.connections.reading() as connection:
            rows = connection.execute(
                "SELECT DISTINCT id FROM purges WHERE purge_seq > ? ORDER BY purge_seq", (since_purge_seq,)
            )
            return [row[0] for row in rows]

    def changed_since(self, seq: int, limit: int) -> list[ChangedDocument]:
        with self.connections.reading() as connection:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM docs WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608
                (seq, limit),
            )
            return [_changed(Stored.from_row(row)) for row in rows]

    def winner(self, doc_id: str) -> ChangedDocument | None:
        stored = self.stored(doc_id)
        return None if stored is None else _changed(stored)

    def revision(self, doc_id: str, rev: str) -> ChangedDocument | None:
        wanted = parse_rev(rev)
        with self.connections.reading() as connection:
            stored = read_one(connection, doc_id)
            body = None if stored is None else body_of(connection, stored, wanted)
        if stored is None or body is None:
            return None
        deleted = stored.tree.nodes[wanted].deleted
        return ChangedDocument(stored.seq, doc_id, deleted, rev, render(doc_id, rev, body, deleted=deleted))

    # Reading

    def stored(self, doc_id: str) -> Stored | None:
        """The document with this id, deleted or not; None where there never was one."""
        with self.connections.reading() as connection:
            return read_one(connection, doc_id)

    def validators(self) -> list[str]:
        """JSON texts of the design documents that have a `validate_doc_update`."""
        if self._validators is None:
            found = [text for text in self.designs() if "validate_doc_update" in msgspec.json.decode(text)]
            self._validators = found
        return self._validators

    def designs(self) -> list[str]:
        """JSON texts of all design documents that are not deleted."""
        with self.connections.reading() as connection:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM docs "  # noqa: S608
                "WHERE id >= '_design/' AND id < '_design0' AND deleted = 0 ORDER BY id"
            )
            return [Stored.from_row(row).render() for row in rows]

    def file_size(self) -> int:
        """Bytes on disk, the log included."""
        log = self.path.with_name(self.path.name + "-wal")
        return self.path.stat().st_size + (log.stat().st_size if log.exists() else 0)

    # Writing: the caller holds the lock and calls announce() in the event loop afterwards

    def write(self, edits: Sequence[Edit], *, new_edits: bool) -> list[Result]:
        """Write edits that nobody needs to validate; durable when this returns."""
        return self.commit(self.prepare(edits, new_edits=new_edits))

    def prepare(self, edits: Sequence[Edit], *, new_edits: bool) -> Batch:
        """Read what the edits meet. No `_local` documents among them."""
        self._must_exist()
        with self.connections.reading() as connection:
            return Batch(connection, edits, new_edits=new_edits)

    def judged_items(self, batch: Batch, positions: Sequence[int]) -> str:
        """What validators are to see of these edits."""
        with self.connections.reading() as connection:
            return batch.items(connection, positions)

    def commit(self, batch: Batch) -> list[Result]:
        """Write what was not refused; durable when this returns."""
        batch.apply(batch.waiting())
        with self._changing() as connection:
            state = self.state
            totals = batch.flush(connection, seq=state.update_seq, revs_limit=state.revs_limit)
            self._count(connection, totals, state.purge_seq)
        self._counted(totals, state.purge_seq)
        return batch.results

    def write_locals(self, edits: Sequence[Edit]) -> list[Result]:
        """Write `_local` documents; durable when this returns."""
        with self._changing() as connection:
            return [write_local(connection, edit) for edit in edits]

    def purge(self, wanted: Mapping[str, Sequence[Rev]]) -> dict[str, list[Rev]]:
        """Remove leaf revisions for good; returns what was removed of each document."""
        with self._changing() as connection:
            state = self.state
            removed, totals, purge_seq = purging.purge(
                connection, wanted, seq=state.update_seq, purge_seq=state.purge_seq
            )
            self._count(connection, totals, purge_seq)
        self._counted(totals, purge_seq)
        return removed

    def set_security(self, security: dict[str, Any]) -> None:
        self._set("security", json_text(security))
        self.state = replace(self.state, security=security)

    def set_revs_limit(self, limit: int) -> None:
        self._set("revs_limit", limit)
        self.state = replace(self.state, revs_limit=limit)

    def set_purged_infos_limit(self, limit: int) -> None:
        self._set("purged_infos_limit", limit)
        self.state = replace(self.state, purged_infos_limit=limit)

    def drop_old_bodies(self, after: str) -> str | None:
        """One step of compaction; returns where the next begins, None when it is done."""
        with self._changing() as connection:
            doc_ids = purging.documents_with_old_bodies(connection, after)
            purging.drop_old_bodies(connection, doc_ids)
        return doc_ids[-1] if doc_ids else None

    def destroy(self) -> None:
        """Remove the files. `removed` was set before, so that nobody begins anything with them."""
        self.connections.close()
        gone = self.path.with_name(self.path.name + ".deleted")
        self.path.rename(gone)
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        gone.unlink()
        views = self.path.parent.parent / "views" / self.path.stem
        shutil.rmtree(views, ignore_errors=True)

    # Waiting for news, in the event loop

    def announce(self) -> None:
        """Wake everybody who waits for news."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def news_after(self, seq: int, timeout_s: float) -> bool:
        """Wait until something was written after `seq` or the database went away; False when time is up."""
        if self.state.update_seq > seq or self.removed:
            return True
        try:
            await asyncio.wait_for(self._news.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        self._must_exist()
        try:
            with self.connections.writing() as connection:
                yield connection
        except sqlite3.Error:
            # A full disk, for example. Whether the commit got through or not: what lies there counts.
            self.state = self._load_state()
            raise

    def _must_exist(self) -> None:
        if self.removed:
            raise not_found("Database does not exist.")

    def _load_state(self) -> State:
        with self.connections.reading() as connection:
            # Lasts; set here too, for a crash just after the database was made.
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            row = connection.execute(
                "SELECT instance, created, update_seq, purge_seq, doc_count, deleted_count, "
                "revs_limit, purged_infos_limit, security FROM state"
            ).fetchone()
        return State(*row[:8], security=msgspec.json.decode(row[8]))

    def _set(self, column: str, value: object) -> None:
        with self._changing() as connection:
            connection.execute(f"UPDATE state SET {column} = ?", (value,))  # noqa: S608 - column is ours

    def _count(self, connection: sqlite3.Connection, totals: Totals, purge_seq: int) -> None:
        connection.execute(
            "UPDATE state SET update_seq = ?, purge_seq = ?, "
            "doc_count = doc_count + ?, deleted_count = deleted_count + ?",
            (totals.seq, purge_seq, totals.live, totals.deleted),
        )

    def _counted(self, totals: Totals, purge_seq: int) -> None:
        if totals.designs:
            self._validators = None
        self.state = replace(
            self.state,
            update_seq=totals.seq,
            purge_seq=purge_seq,
            doc_count=self.state.doc_count + totals.live,
            deleted_count=self.state.deleted_count + totals.deleted,
        )


def _changed(stored: Stored) -> ChangedDocument:
    return ChangedDocument(stored.seq, stored.id, stored.deleted, stored.rev_text, stored.render())


def database_missing() -> HttpError:
    """404 for a database that is not there."""
    return not_found("Database does not exist.")
