"""The data of a version as files: each table as Parquet, by months, and as one CSV file, in one reading."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from webapp.analyst.encodings import encode
from webapp.analyst.export_pieces import pieces
from webapp.analyst.export_request import ExportRequest
from webapp.analyst.releases.checksums import size_and_sha256
from webapp.analyst.selection import Selection, TableName
from webapp.analyst.source import Source
from webapp.analyst.table_schemas import schema_of

FOLDER = "data"
_ROWS = 65_536  # of a Parquet file at a time


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


def write_table(
    folder: Path,
    table: TableName,
    selection: Selection,
    source: Source,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Written:
    """Write a table below `folder`; what `source` raises leaves unfinished files behind.

    `progress` hears the rows so far. The same rows give the same bytes, however they are cut into batches.
    """
    written = Written()
    with ExitStack() as stack:
        stream: BinaryIO | None = None
        path, rows, before = "", 0, 0
        for piece in pieces(ExportRequest(selection, "parquet"), table, source):
            if stream is None:
                path, before = f"{FOLDER}/{piece.file}", rows
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                stream = stack.enter_context((folder / path).open("wb"))
            stream.write(piece.data)
            rows += piece.rows
            written.households |= piece.households
            progress(rows)
            if piece.ends:
                stream.close()
                stream = None
                written.files.append(_described(folder, path, table, "parquet", rows - before))
    csv = f"{FOLDER}/{table}.csv"
    parts = [folder / file.path for file in written.files]
    with (folder / csv).open("wb") as target:
        for data in encode("csv", schema_of(table), _read_back(parts, schema_of(table))):
            target.write(data)
    written.files.append(_described(folder, csv, table, "csv", rows))
    return written


def _read_back(parts: Sequence[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for part in parts:
        with pq.ParquetFile(part) as file:
            batch: Any
            for batch in file.iter_batches(_ROWS):
                yield batch.cast(schema)


def _described(
    folder: Path, path: str, table: TableName, file_format: Literal["csv", "parquet"], rows: int
) -> DataFile:
    size, sha256 = size_and_sha256(folder / path)
    return DataFile(path, table, file_format, rows, size, sha256)
