"""The months of research read as fast as the engine gives them: whole pages, decoded from their bytes.

Threads ask for the next pages while the caller still works on the one before. See `couch.research` for the
months and their ids.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Generic, TypeVar

import msgspec
import requests

from couch.client import Server
from couch.documents.fields import stamp
from couch.errors import BadDocument, NotFound, Unreachable
from couch.names import month_database
from couch.reading_ahead import read_ahead

_PAGE = 5_000  # documents in one request: 2 MB
_ROW = b'{"id":"'
_CHUNK = 1024 * 1024
_LANES = 2  # requests at a time


class StoredReading(msgspec.Struct, frozen=True, gc=False):
    """A reading as it is stored; see `couch.documents.Reading`."""

    obis: str
    value: int
    scaler: int
    unit: str | None = None


class StoredMeasurement(msgspec.Struct, frozen=True, gc=False):
    """A `ResearchMeasurement` whose times are still text: whoever fills a column parses them all at once."""

    household: str
    meter: str
    slot: str
    measured_at: str
    time_source: str
    data: tuple[StoredReading, ...]
    marks: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"measurement:{self.slot}:{self.meter}"


class StoredGap(msgspec.Struct, frozen=True, gc=False):
    """A `ResearchGap` whose times are still text."""

    household: str
    meter: str
    from_slot: str
    to_slot: str
    cause: str


S = TypeVar("S", StoredMeasurement, StoredGap)


@dataclass(frozen=True, slots=True)
class _Range:
    """Ids of one kind with slots in [start, end), above `after`; `page`: how many in one request."""

    prefix: str
    start: datetime
    end: datetime
    after: str | None
    page: int

    @property
    def low(self) -> str:
        first = self.prefix + stamp(self.start)
        return first if self.after is None else max(first, _behind(self.after))

    @property
    def high(self) -> str:
        """Every id of the slot `end` is above it."""
        return self.prefix + stamp(self.end)


class _Row(msgspec.Struct, Generic[S], frozen=True, gc=False):
    doc: S


class _Answer(msgspec.Struct, Generic[S], frozen=True):
    rows: list[_Row[S]]


def measurement_pages(
    connect: Callable[[], Server],
    start: datetime,
    end: datetime,
    *,
    after: str | None = None,
    page: int = _PAGE,
) -> Iterator[list[StoredMeasurement]]:
    """The measurements of the slots in [start, end), in the order of their ids: slot, then meter.

    `connect` is called in the thread that reads. `after`: only ids above this one. Constant memory.
    Raises Unreachable, AccessDenied, BadDocument.
    """
    decoder = msgspec.json.Decoder(_Answer[StoredMeasurement])
    for raw in _read_ahead(connect, _Range("measurement:", start, end, after, page)):
        yield _decoded(decoder, raw)


def gap_pages(
    connect: Callable[[], Server],
    start: datetime,
    end: datetime,
    *,
    after: str | None = None,
    page: int = _PAGE,
) -> Iterator[list[StoredGap]]:
    """The gaps whose first slot lies in [start, end), in the order of their ids."""
    decoder = msgspec.json.Decoder(_Answer[StoredGap])
    for raw in _read_ahead(connect, _Range("gap:", start, end, after, page)):
        yield _decoded(decoder, raw)


def month_starts(start: datetime, end: datetime) -> Iterator[datetime]:
    """The first moments of the UTC months that [start, end) touches."""
    month = start.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while month < end:
        yield month
        month = (month + timedelta(days=31)).replace(day=1)


def _decoded(decoder: "msgspec.json.Decoder[_Answer[S]]", raw: bytes) -> list[S]:
    try:
        return [row.doc for row in decoder.decode(raw).rows]
    except msgspec.DecodeError as err:  # ValidationError too: something else than the worker's documents
        raise BadDocument(_last_id(raw) or "of research", "a row up to it", str(err)) from err


def _read_ahead(connect: Callable[[], Server], wanted: _Range) -> Iterator[bytes]:
    """The raw pages, the next ones on their way while one is in use."""
    for raw in read_ahead(lambda: _raw_pages(connect, wanted)):
        if _ROW in raw:  # a month that is not there, or holds none of them, has a page without rows
            yield raw


def _raw_pages(connect: Callable[[], Server], wanted: _Range) -> Iterator[bytes]:
    """In order, `_LANES` of them on their way at a time: an engine answers one request on one core.

    Where a page ends is asked for before it is read, so that pages hold whatever comes or goes meanwhile.
    """
    with ExitStack() as stack:
        server = stack.enter_context(connect())
        idle: SimpleQueue[Server] = SimpleQueue()
        for _ in range(_LANES):
            idle.put(stack.enter_context(connect()))
        pool = ThreadPoolExecutor(_LANES, "reading a page")
        stack.callback(pool.shutdown, cancel_futures=True)
        under_way: deque[Future[bytes]] = deque()
        for database, low, high in _spans(server, wanted):
            under_way.append(pool.submit(_read, idle, database, low, high))
            if len(under_way) > _LANES:
                yield under_way.popleft().result()
        for page in under_way:
            yield page.result()


def _read(idle: "SimpleQueue[Server]", database: str, low: str, high: str) -> bytes:
    server = idle.get()
    try:
        return _page(server, database, low, high)
    finally:
        idle.put(server)


def _spans(server: Server, wanted: _Range) -> Iterator[tuple[str, str, str]]:
    """Databases and ranges [low, high) of ids in them, in order: each held a page when it was asked for."""
    for month in month_starts(wanted.start, wanted.end):
        database, low = month_database(month), wanted.low
        while (high := _page_end(server, database, low, wanted)) is not None:
            yield database, low, high
            low = high
        yield database, low, wanted.high


def _page_end(server: Server, database: str, low: str, wanted: _Range) -> str | None:
    """The first id behind the page that begins at `low`; None where that is the last page."""
    params = {
        "skip": wanted.page,
        "limit": 1,
        "start_key": msgspec.json.encode(low).decode(),
        "end_key": msgspec.json.encode(wanted.high).decode(),
    }
    try:
        rows = server.transport.request("GET", database, "_all_docs", params=params)["rows"]
    except NotFound:
        return None
    return str(rows[0]["id"]) if rows else None


def _page(server: Server, database: str, low: str, high: str) -> bytes:
    """The bytes of a page; those of an empty one where the month is not there."""
    params = {
        "include_docs": "true",
        "start_key": msgspec.json.encode(low).decode(),
        "end_key": msgspec.json.encode(high).decode(),
        "inclusive_end": "false",
    }
    for last_try in (False, True):
        try:
            with closing(server.transport.stream("GET", database, "_all_docs", params=params)) as response:
                return b"".join(response.iter_content(_CHUNK))
        except NotFound:
            return b""
        except (requests.RequestException, OSError) as err:
            if last_try:
                raise Unreachable("the answer broke off; the request may be tried again.") from err
    raise AssertionError("unreachable")


def _behind(doc_id: str) -> str:
    """A key right after an id: ids of one kind are equally long and hold no blank."""
    return doc_id + " "


def _last_id(raw: bytes) -> str | None:
    """The id of a page's last row; None where it has none."""
    place = raw.rfind(_ROW)
    if place < 0:
        return None
    begin = place + len(_ROW)
    return raw[begin : raw.index(b'"', begin)].decode()
