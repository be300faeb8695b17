"""Rows as bytes, in each format. The same rows give the same bytes, however they are cut into batches."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from webapp.analyst.column_texts import csv_texts, json_texts
from webapp.outbox import Outbox

Format = Literal["ndjson", "json", "csv", "parquet"]
FORMATS: tuple[Format, ...] = ("ndjson", "json", "csv", "parquet")
MEDIA_TYPES: dict[Format, str] = {
    "ndjson": "application/x-ndjson",
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}
_ROW_GROUP = 131_072  # rows: a reader skips by them


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How a format of text begins, goes on and ends; `first`: no row was written before."""

    begin: Callable[[pa.Schema], bytes]
    rows: Callable[[pa.RecordBatch, bool], bytes]
    end: bytes


def encode(wanted: Format, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """A file of the rows in `batches`, piece by piece: one for each batch that has rows, then its end."""
    if wanted == "parquet":
        yield from _parquet(schema, batches)
        return
    text, first = TEXTS[wanted], True
    begin = text.begin(schema)
    for batch in batches:
        if batch.num_rows:
            yield begin + text.rows(batch, first)
            begin, first = b"", False
    yield begin + text.end


def _csv_header(schema: pa.Schema) -> bytes:
    return (",".join(schema.names) + "\n").encode()


def _csv_rows(batch: pa.RecordBatch, _first: bool) -> bytes:
    columns = [csv_texts(column) for column in batch.columns]
    ended = [*columns[:-1], pc.binary_join_element_wise(columns[-1], "\n", "")]
    return _bytes(pc.binary_join_element_wise(*ended, ","))


def _json_lines(batch: pa.RecordBatch, before: str, after: str) -> bytes:
    parts: list[pa.Array | str] = []
    ended = before + "{"
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        texts, mark = json_texts(column)
        parts += [f'{ended}"{name}":{mark}', texts]
        ended = f"{mark},"
    return _bytes(pc.binary_join_element_wise(*parts, ended[:-1] + "}" + after, ""))


def _ndjson_rows(batch: pa.RecordBatch, _first: bool) -> bytes:
    return _json_lines(batch, "", "\n")


def _json_rows(batch: pa.RecordBatch, first: bool) -> bytes:
    rows = _json_lines(batch, ",\n", "")
    return rows[2:] if first else rows


TEXTS: dict[str, TextFormat] = {
    "ndjson": TextFormat(lambda _schema: b"", _ndjson_rows, b""),
    "json": TextFormat(lambda _schema: b"[\n", _json_rows, b"\n]\n"),
    "csv": TextFormat(_csv_header, _csv_rows, b""),
}


def _bytes(texts: pa.Array) -> bytes:
    """Texts that follow each other in memory as they are to stand in the file."""
    data = texts.buffers()[2]
    return data.to_pybytes() if data is not None else b""


def _parquet(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """Row groups of one size, so that the bytes depend on the rows alone."""
    outbox = Outbox()
    with pq.ParquetWriter(outbox, schema, compression="zstd") as writer:
        for group in row_groups(schema, batches):
            writer.write_table(group, row_group_size=_ROW_GROUP)
            yield outbox.take()
    yield outbox.take()


def row_groups(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The rows in tables of one size, the last one smaller."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= _ROW_GROUP:
            table = pa.Table.from_batches(waiting, schema)
            yield table.slice(0, _ROW_GROUP).combine_chunks()
            rest = table.slice(_ROW_GROUP)
            waiting, rows = rest.to_batches(), rest.num_rows
    if rows:
        yield pa.Table.from_batches(waiting, schema).combine_chunks()
