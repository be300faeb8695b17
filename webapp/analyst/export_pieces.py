"""An export as a stream of pieces of bytes, the same for folders, downloads and archives. Constant memory.

A table is one file; in Parquet, tables over time are a folder with a file for each UTC month, as data frames
read it (`measurements/month=2026-01/part-0.parquet`).
"""

from calendar import monthrange
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, groupby

import pyarrow as pa
import pyarrow.compute as pc

from couch.clock import SLOT
from couch.documents import stamp
from couch.research_pages import month_starts
from webapp.analyst.encodings import TEXTS, TextFormat, encode
from webapp.analyst.export_request import ExportRequest
from webapp.analyst.selection import TableName
from webapp.analyst.source import Source
from webapp.analyst.tables import batches, schema_of

_ROWS = 32_768  # encoded at once
_THREADS = 2  # that encode: the library lets go of the interpreter
# By what a table over time is ordered, and how long before that its rows belong to.
_ORDERED_BY = {
    "measurements": ("slot", 0),
    "gaps": ("from_slot", 0),
    "intervals": ("until", int(SLOT.total_seconds())),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that follow what came before in `file`, with `rows` rows in them.

    `households`: whose rows these are. `last_id`: a file of measurements that holds all up to here goes on
    after it; None: it cannot. `moment`: how far the table has come. `ends`: the file is whole.
    """

    file: str
    data: bytes
    rows: int
    households: frozenset[str]
    last_id: str | None
    moment: datetime | None
    ends: bool = False


def pieces(
    request: ExportRequest,
    table: TableName,
    source: Source,
    *,
    after: str | None = None,
    rows: int | None = None,
) -> Iterator[Piece]:
    """The bytes of a table's files from the beginning.

    `measurements` can go on: after the measurement `after`; with `rows`, in a file in which so many rows
    stand, else at the beginning of a file. Raises CouchError.
    """
    found = batches(table, request.selection, source, after=after)
    first = next(found, None)  # before any byte: a source that fails, fails first
    cut = _cut(chain([] if first is None else [first], found))
    if request.format != "parquet":
        yield from _file(request, table, f"{table}.{request.format}", cut, rows)
        return
    if table not in _ORDERED_BY:
        yield from _file(request, table, f"{table}.parquet", cut, None)
        return
    none = True
    for month, run in groupby(_by_month(table, cut), key=lambda part: part[0]):
        none = False
        yield from _file(request, table, month_file(table, month), (part for _, part in run), None)
    if none and after is None:  # a table without rows still has its columns
        month = f"{next(month_starts(request.start_at, request.end_at)):%Y-%m}"
        yield from _file(request, table, month_file(table, month), (), None)


def month_file(table: TableName, month: str) -> str:
    """Where a month of a table lies; `month`: `2026-01`."""
    return f"{table}/month={month}/part-0.parquet"


def behind_month(file: str) -> str:
    """An id behind all measurements of the month that lies in `file`, and before those of the next one."""
    year, month = file.split("/month=")[1][: len("2026-01")].split("-")
    last_day = monthrange(int(year), int(month))[1]
    return f"measurement:{year}-{month}-{last_day}T23:59:59Z:g"


@dataclass(frozen=True, slots=True)
class _Cut:
    """Rows to encode at once; `whole`: they end where a measurement ends."""

    batch: pa.RecordBatch
    whole: bool


class _Tally:
    """What is in the rows that passed by since it was last asked."""

    def __init__(self, table: TableName) -> None:
        self._table = table
        self._rows = 0
        self._households: set[str] = set()
        self._last: pa.RecordBatch | None = None
        self._whole = False

    def note(self, cut: _Cut) -> pa.RecordBatch:
        batch = cut.batch
        self._rows += batch.num_rows
        self._households |= set(pc.unique(batch["household"]).to_pylist())
        self._last, self._whole = batch.slice(batch.num_rows - 1), cut.whole
        return batch

    def piece(self, file: str, data: bytes) -> Piece:
        rows, households = self._rows, frozenset(self._households)
        moment, last_id = None, None
        if self._last is not None and self._table in _ORDERED_BY:
            moment = self._last[_ORDERED_BY[self._table][0]][0].as_py().astimezone(UTC)
            if self._table == "measurements" and self._whole:
                last_id = f"measurement:{stamp(moment)}:{self._last['meter'][0].as_py()}"
        self._rows, self._households, self._last = 0, set(), None
        return Piece(file, data, rows, households, last_id, moment)


def _file(
    request: ExportRequest, table: TableName, file: str, found: Iterable[_Cut], rows: int | None
) -> Iterator[Piece]:
    tally, schema = _Tally(table), schema_of(table)
    if request.format == "parquet":
        for data in encode(request.format, schema, map(tally.note, found)):
            yield tally.piece(file, data)
    else:
        text = TEXTS[request.format]
        yield tally.piece(file, text.begin(schema) if rows is None else b"")
        for cut, data in _side_by_side(text, found, not rows):
            tally.note(cut)
            yield tally.piece(file, data)
        yield tally.piece(file, text.end)
    yield Piece(file, b"", 0, frozenset(), None, None, ends=True)


def _side_by_side(text: TextFormat, found: Iterable[_Cut], first: bool) -> Iterator[tuple[_Cut, bytes]]:
    """Rows encoded by several threads, in their order; when `found` fails, after all that it gave."""
    waiting: deque[tuple[_Cut, Future[bytes]]] = deque()
    cuts, failure = iter(found), None
    with ThreadPoolExecutor(_THREADS, "encoding") as pool:
        while True:
            try:
                cut = next(cuts, None)
            except BaseException as err:  # noqa: BLE001 - raised again below
                cut, failure = None, err
            if cut is None:
                break
            waiting.append((cut, pool.submit(text.rows, cut.batch, first)))
            first = False
            if len(waiting) > _THREADS:
                done, encoded = waiting.popleft()
                yield done, encoded.result()
        for done, encoded in waiting:
            yield done, encoded.result()
    if failure is not None:
        raise failure


def _cut(found: Iterable[pa.RecordBatch]) -> Iterator[_Cut]:
    for batch in found:
        for begin in range(0, batch.num_rows, _ROWS):
            yield _Cut(batch.slice(begin, _ROWS), begin + _ROWS >= batch.num_rows)


def _by_month(table: TableName, found: Iterable[_Cut]) -> Iterator[tuple[str, _Cut]]:
    column, earlier_s = _ORDERED_BY[table]
    for cut in found:
        seconds = pc.subtract(cut.batch[column].cast(pa.int64()), earlier_s)
        moments = [datetime.fromtimestamp(seconds[place].as_py(), UTC) for place in (0, -1)]
        months = list(month_starts(moments[0], moments[1].replace(microsecond=1)))
        for number, month in enumerate(months):
            last = number == len(months) - 1
            low = pc.greater_equal(seconds, int(month.timestamp()))
            mask = low if last else pc.and_(low, pc.less(seconds, int(months[number + 1].timestamp())))
            part = cut.batch if len(months) == 1 else cut.batch.filter(mask)
            if part.num_rows:
                yield f"{month:%Y-%m}", _Cut(part, cut.whole or not last)
