"""The files of an export while they grow: what is durable of them, and what an interruption leaves."""

import hashlib
import io
import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from couch.durable import sync_to_disk
from webapp.analyst.export_package import DataFile
from webapp.analyst.export_pieces import Piece, behind_month, month_file
from webapp.analyst.export_state import (
    ExportState,
    Finished,
    Growing,
    checksum,
    write_durably,
)
from webapp.analyst.selection import TableName
from webapp.analyst.tables import TABLES

STATE = "export.state"
_DURABLE_EVERY_S = 2.0  # real seconds of work that a crash may cost


@dataclass(frozen=True, slots=True)
class _Open:
    """The file that grows, and what is known of its content up to now."""

    path: str
    stream: io.BufferedRandom
    offset: int = 0
    rows: int = 0
    crc32: int = 0
    last_id: str | None = None  # None: it cannot go on from here
    households: frozenset[str] = frozenset()


class Parts:
    """Writes pieces one after the other. What it does not raise as OSError is never half done."""

    def __init__(self, folder: Path, stands: ExportState, monotonic: Callable[[], float]) -> None:
        """`stands`: what an earlier run left. Files that are not what it says are written anew."""
        self._folder = folder
        self._monotonic = monotonic
        whole = all(self._stands(file) for file in stands.finished)
        self._state = (
            stands if whole else msgspec.structs.replace(stands, finished=(), tables=(), growing=None)
        )
        self._open: _Open | None = None
        self._durable_at = monotonic()
        self._rows = sum(file.rows for file in self._state.finished)
        growing = self._state.growing
        if growing is not None:
            if checksum(self._part(growing.path), growing.offset) == growing.crc32:
                self._rows += growing.rows
            else:
                self._state = msgspec.structs.replace(self._state, growing=None)

    @property
    def rows(self) -> int:
        """In all files up to now."""
        return self._rows

    @property
    def tables(self) -> tuple[TableName, ...]:
        """Those of which all files are whole."""
        return self._state.tables

    @property
    def files(self) -> tuple[DataFile, ...]:
        """Those that are whole, in their order."""
        return tuple(DataFile(**msgspec.structs.asdict(file)) for file in self._state.finished)

    def go_on(self, table: TableName) -> tuple[str | None, int | None]:
        """After which measurement a table goes on, and how many rows its file holds; both None: it begins."""
        growing = self._state.growing
        if table == "measurements" and growing is not None:
            stream = self._part(growing.path).open("r+b")
            stream.truncate(growing.offset)
            stream.seek(growing.offset)
            self._open = _Open(
                growing.path,
                stream,
                growing.offset,
                growing.rows,
                growing.crc32,
                growing.last_id,
                frozenset(growing.households),
            )
            return growing.last_id, growing.rows
        ours = [file for file in self._state.finished if file.table == table]
        if table == "measurements" and ours:
            return behind_month(ours[-1].path), None
        if ours:  # other tables are derived from what came before: they begin anew
            rest = tuple(file for file in self._state.finished if file.table != table)
            self._keep(msgspec.structs.replace(self._state, finished=rest))
            self._rows = sum(file.rows for file in rest)
        return None, None

    def add(self, table: TableName, piece: Piece) -> None:
        """Append it to its file."""
        here = self._open or self._begin(piece.file)
        here.stream.write(piece.data)
        # All of it in one step: Ctrl-C may come anywhere, and what is durable then has to fit together.
        here = self._open = replace(
            here,
            offset=here.offset + len(piece.data),
            rows=here.rows + piece.rows,
            crc32=zlib.crc32(piece.data, here.crc32),
            last_id=None if piece.file.endswith(".parquet") else piece.last_id,
            households=here.households | piece.households,
        )
        self._rows += piece.rows
        if piece.ends:
            self._end(table, here)
        elif here.last_id is not None and self._monotonic() - self._durable_at >= _DURABLE_EVERY_S:
            self._make_durable(here)

    def table_is_whole(self, table: TableName) -> None:
        """All of its files are."""
        if table not in self._state.tables:
            self._keep(msgspec.structs.replace(self._state, tables=(*self._state.tables, table)))

    def interrupted(self) -> None:
        """Leave what a later run can go on from, and nothing else."""
        here = self._open
        with suppress(OSError):
            if here is not None and here.last_id is not None:
                self._make_durable(here)
            if here is not None:
                here.stream.close()
        kept = {file.path for file in self._state.finished}
        growing = self._state.growing
        if here is not None and (growing is None or growing.path != here.path) and here.path not in kept:
            self._part(here.path).unlink(missing_ok=True)
            self._tidy(here.path)
        if not kept and growing is None:
            (self._folder / STATE).unlink(missing_ok=True)

    def forget(self) -> None:
        """Delete all of it."""
        for file in self._state.finished:
            self._part(file.path).unlink(missing_ok=True)
        (self._folder / STATE).unlink(missing_ok=True)

    def publish(self) -> None:
        """Give the files their names."""
        for file in self._state.finished:
            part, whole = self._part(file.path), self._folder / file.path
            if part.exists():
                part.replace(whole)
                sync_to_disk(whole.parent)
        ours = {file.path for file in self._state.finished}
        for table in TABLES:
            for month in self._folder.glob(month_file(table, "*")):
                path = str(month.relative_to(self._folder))
                if path not in ours:  # of an earlier run: everything in that month was erased since
                    month.unlink()
                    sync_to_disk(month.parent)
                    self._tidy(path)
        for stray in self._folder.rglob("*.part"):  # of a run of which nothing was durable
            if stray.relative_to(self._folder).parts[0].split(".")[0] in TABLES:
                stray.unlink()
                self._tidy(str(stray.relative_to(self._folder)))

    def _begin(self, path: str) -> _Open:
        part = self._part(path)
        part.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
        self._open = _Open(path, os.fdopen(descriptor, "r+b"))
        return self._open

    def _end(self, table: TableName, here: _Open) -> None:
        here.stream.flush()
        os.fsync(here.stream.fileno())
        here.stream.seek(0)
        sha256 = hashlib.file_digest(here.stream, "sha256").hexdigest()
        here.stream.close()
        self._open = None
        finished = Finished(
            table=table,
            path=here.path,
            rows=here.rows,
            size=here.offset,
            sha256=sha256,
            households=tuple(sorted(here.households)),
        )
        only = "/" not in here.path  # else it is a month's, and others may follow
        self._keep(
            msgspec.structs.replace(
                self._state,
                finished=(*self._state.finished, finished),
                tables=(*self._state.tables, table) if only else self._state.tables,
                growing=None,
            )
        )

    def _make_durable(self, here: _Open) -> None:
        """Data first, then the state that speaks of them."""
        here.stream.flush()
        os.fsync(here.stream.fileno())
        growing = Growing(
            path=here.path,
            offset=here.offset,
            rows=here.rows,
            crc32=here.crc32,
            last_id=here.last_id or "",
            households=tuple(sorted(here.households)),
        )
        self._keep(msgspec.structs.replace(self._state, growing=growing))
        self._durable_at = self._monotonic()

    def _keep(self, state: ExportState) -> None:
        self._state = state
        write_durably(self._folder / STATE, msgspec.json.encode(state))

    def _part(self, path: str) -> Path:
        return self._folder / f"{path}.part"

    def _stands(self, file: Finished) -> bool:
        """Whether a whole file is there: under its part's name, or its own after half a publication."""
        for place in (self._part(file.path), self._folder / file.path):
            if place.is_file() and place.stat().st_size == file.size:
                with place.open("rb") as stream:
                    if hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256:
                        return True
        return False

    def _tidy(self, path: str) -> None:
        """Remove the folders of a file where they are empty."""
        for folder in (self._folder / path).parents:
            if folder == self._folder:
                return
            with suppress(OSError):
                folder.rmdir()
