"""The data of a version as files: each table as Parquet, by months, and as one CSV file, in one reading."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from webapp.analyst.encodings import TEXTS
from webapp.analyst.selection import TableName
from webapp.analyst.table_schemas import schema_of

# The column whose UTC month a row is filed under; an interval belongs to the month in which it ended. Tables
# without one are a single file.
_MONTH_OF: dict[TableName, str] = {"measurements": "slot", "intervals": "until", "gaps": "from_slot"}
_ROW_GROUP = 131_072
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class DataFile:
    """A written file: its path below the version's folder, and what is in it."""

    path: str
    table: TableName
    format: Literal["csv", "parquet"]
    rows: int
    bytes: int
    sha256: str


@dataclass(slots=True)
class Written:
    """The files of a table, and whose rows stand in them."""

    files: list[DataFile] = field(default_factory=list)
    households: set[str] = field(default_factory=set)


def write_table(folder: Path, table: TableName, batches: Iterable[pa.RecordBatch]) -> Written:
    """Write the rows of a table below `folder`; what `batches` raises leaves unfinished files behind.

    The same rows give the same bytes, however they are cut into batches.
    """
    written = Written()
    schema = schema_of(table)
    csv_path = f"data/{table}.csv"
    (folder / "data").mkdir(parents=True, exist_ok=True)
    text = TEXTS["csv"]
    rows = 0
    parquet = _Parquet(folder, table, schema)
    with (folder / csv_path).open("wb") as csv:
        csv.write(text.begin(schema))
        for batch in batches:
            if batch.num_rows:
                csv.write(text.rows(batch, rows == 0))
                parquet.write(batch)
                rows += batch.num_rows
                written.households.update(pc.unique(batch["household"]).to_pylist())
    written.files.append(described(folder, csv_path, table, "csv", rows))
    written.files += parquet.close()
    return written


def described(
    folder: Path, path: str, table: TableName, file_format: Literal["csv", "parquet"], rows: int
) -> DataFile:
    """A finished file with its size and checksum."""
    size, sha256 = size_and_sha256(folder / path)
    return DataFile(path, table, file_format, rows, size, sha256)


def size_and_sha256(file: Path) -> tuple[int, str]:
    """Of the content of a file."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return os.fstat(stream.fileno()).st_size, digest


class _Parquet:
    """Row groups of one size in one file a month: rows come in the order of their months."""

    def __init__(self, folder: Path, table: TableName, schema: pa.Schema) -> None:
        self._folder, self._table, self._schema = folder, table, schema
        self._month: str | None = None
        self._writer: Any = None
        self._path = ""
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self._rows = 0
        self._done: list[DataFile] = []

    def write(self, batch: pa.RecordBatch) -> None:
        for month, part in _by_month(batch, _MONTH_OF.get(self._table)):
            if month != self._month or self._writer is None:
                self._finish()
                self._begin(month)
            self._waiting.append(part)
            self._waiting_rows += part.num_rows
            if self._waiting_rows >= _ROW_GROUP:
                self._flush(last=False)

    def close(self) -> list[DataFile]:
        if self._writer is None:  # a table without rows is a file all the same
            self._begin("")
        self._finish()
        return self._done

    def _begin(self, month: str) -> None:
        where = f"data/{self._table}/month={month}" if month else f"data/{self._table}"
        (self._folder / where).mkdir(parents=True, exist_ok=True)
        self._month, self._path, self._rows = month, f"{where}/{self._table}.parquet", 0
        self._writer = pq.ParquetWriter(self._folder / self._path, self._schema, compression="zstd")

    def _flush(self, *, last: bool) -> None:
        if not self._waiting:
            return
        table = pa.Table.from_batches(self._waiting, self._schema)
        whole = table.num_rows if last else table.num_rows // _ROW_GROUP * _ROW_GROUP
        self._writer.write_table(table.slice(0, whole).combine_chunks(), row_group_size=_ROW_GROUP)
        rest = table.slice(whole)
        self._rows += whole
        self._waiting, self._waiting_rows = rest.to_batches(), rest.num_rows

    def _finish(self) -> None:
        if self._writer is None:
            return
        self._flush(last=True)
        self._writer.close()
        self._writer = None
        self._done.append(described(self._folder, self._path, self._table, "parquet", self._rows))


def _by_month(batch: pa.RecordBatch, column: str | None) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The batch cut where months change; an empty month: the table knows none."""
    if column is None:
        yield "", batch
        return
    moments = batch[column]
    if column == "until":
        moments = pc.subtract(moments, pa.scalar(timedelta(seconds=1), pa.duration("s")))
    months = pc.strftime(moments, format="%Y-%m")
    runs = pc.run_end_encode(months)
    begin = 0
    for end, month in zip(runs.run_ends.to_pylist(), runs.values.to_pylist(), strict=True):
        yield month, batch.slice(begin, end - begin)
        begin = end
