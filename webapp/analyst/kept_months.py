"""Finished months kept as Parquet files beside the engine, each with the version it was made from.

`<folder>/2026-01/state.json` names the files of the month. They are trusted only while the month's database
is of the very version: then exports are cut from them, else from the engine. One process builds; who
deletes does not wait for that one, whose work is thrown away then.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from couch.client import Server
from couch.durable import sync_to_disk
from couch.errors import Fault
from couch.month_versions import month_version
from couch.research_pages import gap_pages, measurement_pages
from webapp.analyst.gap_batches import gap_batch
from webapp.analyst.kept_state import KeptState, delete_kept, month_name, read_kept, write_kept
from webapp.analyst.measurement_batches import measurement_batch
from webapp.analyst.selection import TableName
from webapp.analyst.table_schemas import COLUMNS_VERSION, schema_of

_ROW_GROUP = 65_536  # rows at least, cut between measurements
_PAGE = 5_000  # documents in one request
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
Progress = Callable[[datetime, int], None]


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """The files of a month, of the version that its database has."""

    measurements: Path
    gaps: Path


class KeptMonths:
    """The folder of kept months. Every call may come from any process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """The months of which anything lies there, oldest first."""
        try:
            return sorted(each.name for each in self.folder.iterdir() if _MONTH.fullmatch(each.name))
        except FileNotFoundError:
            return []

    def state(self, name: str) -> KeptState | None:
        """What is kept of a month; it may be of an earlier version of its database."""
        return read_kept(self.folder / name, COLUMNS_VERSION)

    def current(self, server: Server, month: datetime, erased: frozenset[str]) -> KeptFiles | None:
        """The files of a month, where they hold exactly what its database does. Raises CouchError.

        `erased`: households that went altogether; files that hold one of them are deleted.
        """
        name = month_name(month)
        state = self.state(name)
        if state is None:
            return None
        if not erased.isdisjoint(state.households):
            self.delete(name)
            return None
        if state.version != month_version(server, month):
            return None
        place = self.folder / name
        return KeptFiles(place / state.measurements, place / state.gaps)

    def delete(self, name: str) -> bool:
        """Delete what is kept of a month, half-built files too; False when there was nothing."""
        return delete_kept(self.folder / name)

    def delete_households(self, erased: Iterable[str]) -> list[str]:
        """Delete the months that hold something of these pseudonyms; their names."""
        gone = frozenset(erased)
        found = []
        for name in self.names():
            state = self.state(name)
            # Without a state nobody knows what the files hold: somebody builds them, or died doing it.
            touched = state is None or not gone.isdisjoint(state.households)
            if gone and touched and self.delete(name):
                found.append(name)
        return found

    def sweep(self) -> None:
        """Delete files that no state names, left behind by whoever was interrupted."""
        for name in self.names():
            with self._locked(name) as ours:
                if ours:
                    state = self.state(name)
                    kept = {"state.json", state.measurements, state.gaps} if state else set()
                    delete_kept(self.folder / name, frozenset(kept))

    def build(
        self,
        connect: Callable[[], Server],
        month: datetime,
        progress: Progress = lambda _slot, _rows: None,
        *,
        page: int = _PAGE,
    ) -> KeptState | None:
        """Keep a month as its database is now; None where it is not there, changed meanwhile, or another
        process builds it. What is kept of the very version already is left alone.

        Raises CouchError; Fault when it cannot be written.
        """
        name = month_name(month)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._locked(name) as ours:
                return self._build(connect, month, progress, page) if ours else None
        except OSError as err:
            raise Fault(
                f"{name} cannot be kept in {self.folder}: {(err.strerror or str(err)).lower()}. Set "
                "`kept_folder` to a folder that you may write to, with room for it."
            ) from err

    def _build(
        self, connect: Callable[[], Server], month: datetime, progress: Progress, page: int
    ) -> KeptState | None:
        name = month_name(month)
        with connect() as server:
            version = month_version(server, month)
            if version is None:
                self.delete(name)
                return None
            stands = self.state(name)
            if stands is not None and stands.version == version:
                return stands
            place, token = self.folder / name, secrets.token_hex(8)
            place.mkdir(mode=0o700, exist_ok=True)
            files = {"measurements": f"measurements-{token}.parquet", "gaps": f"gaps-{token}.parquet"}
            try:
                found = _Found(progress)
                start, end = month, _next(month)
                pages = measurement_pages(connect, start, end, page=page)
                batches = (measurement_batch(each) for each in pages)
                _write(place / files["measurements"], "measurements", found.counted(batches))
                gaps = (gap_batch(each) for each in gap_pages(connect, start, end))
                _write(place / files["gaps"], "gaps", found.noted(gaps))
                state = KeptState(
                    version=version,
                    columns=COLUMNS_VERSION,
                    measurements=files["measurements"],
                    measurements_bytes=(place / files["measurements"]).stat().st_size,
                    rows=found.rows,
                    gaps=files["gaps"],
                    gaps_bytes=(place / files["gaps"]).stat().st_size,
                    households=tuple(sorted(found.households)),
                )
                if month_version(server, month) != version:
                    raise _ChangedError
                write_kept(place, state)
            except (_ChangedError, FileNotFoundError):  # written to, or deleted by an erasure meanwhile
                _forget(place, files.values())
                return None
            except BaseException:
                _forget(place, files.values())
                raise
            delete_kept(place, frozenset({"state.json", *files.values()}))
            return state

    @contextmanager
    def _locked(self, name: str) -> Iterator[bool]:
        """Whether we are the one who builds this month; given back, or lost with the process."""
        descriptor = os.open(self.folder / f".{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(descriptor)


class _ChangedError(Exception):
    """The month was written to while it was read."""


class _Found:
    """What passes by: rows and households."""

    def __init__(self, progress: Progress) -> None:
        self.rows = 0
        self.households: set[str] = set()
        self._progress = progress

    def noted(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            self.households |= set(pc.unique(batch["household"]).to_pylist())
            yield batch

    def counted(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in self.noted(batches):
            self.rows += batch.num_rows
            yield batch
            if batch.num_rows:
                self._progress(batch["slot"][-1].as_py().astimezone(UTC), self.rows)


def _write(file: Path, table: TableName, batches: Iterable[pa.RecordBatch]) -> None:
    """Durable when this returns."""
    schema = schema_of(table)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        with pq.ParquetWriter(stream, schema, compression="zstd", write_page_checksum=True) as writer:
            waiting: list[pa.RecordBatch] = []
            for batch in batches:
                waiting.append(batch)
                if sum(each.num_rows for each in waiting) >= _ROW_GROUP:
                    _write_group(writer, waiting, schema)
                    waiting = []
            if waiting:
                _write_group(writer, waiting, schema)
        stream.flush()
        os.fsync(stream.fileno())
    sync_to_disk(file.parent)


def _write_group(writer: pq.ParquetWriter, batches: list[pa.RecordBatch], schema: pa.Schema) -> None:
    table = pa.Table.from_batches(batches, schema)
    writer.write_table(table, row_group_size=max(1, table.num_rows))


def _forget(place: Path, names: Iterable[str]) -> None:
    for name in names:
        (place / name).unlink(missing_ok=True)


def _next(month: datetime) -> datetime:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
