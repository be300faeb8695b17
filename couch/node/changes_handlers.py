"""`_changes`: what was written, in order; once, or as long as the reader listens."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress

from aiohttp import web

from couch.node.changes_filters import ChangesFilter, filter_for
from couch.node.changes_query import ChangesQuery
from couch.node.changes_reading import Page, pages, pending
from couch.node.connections import DatabaseGoneError
from couch.node.database import Database
from couch.node.feeds import FeedWriter
from couch.node.keys import DATABASE, STOPPING
from couch.node.parameters import as_object, parse_json, read_body, require_json
from couch.node.sequences import parse_sequence, sequence_text
from couch.node.waiting import wait_or_stop


async def get_changes(request: web.Request) -> web.StreamResponse:
    """`GET` or `POST /{db}/_changes`."""
    database: Database = request[DATABASE]
    body = {}
    if request.method == "POST":
        require_json(request)
        raw = await read_body(request)
        body = as_object(parse_json(raw)) if raw else {}
    query = ChangesQuery.parse(request.query, request.headers.get("Last-Event-ID"))
    changes_filter = await filter_for(request, query.filter, body)
    since = parse_sequence(query.since, database.instance, database.state.update_seq)
    if query.feed != "normal":
        return await _follow(request, database, query, changes_filter, since)
    etag = _etag(database)
    if etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers={"ETag": etag})
    reading = _Reading(database, query, changes_filter, since)
    writer = FeedWriter(request, "normal", headers={"ETag": etag})
    await reading.send(writer)
    return await writer.end(await reading.summary())


async def _follow(
    request: web.Request,
    database: Database,
    query: ChangesQuery,
    changes_filter: ChangesFilter,
    since: int,
) -> web.StreamResponse:
    writer = FeedWriter(request, query.feed)
    reading = _Reading(database, query, changes_filter, since)
    await reading.send(writer)
    await writer.start()
    stopping = request.app[STOPPING]
    while not reading.full and not (query.feed == "longpoll" and reading.sent) and not database.removed:
        wait_s = query.timeout_s if query.heartbeat_s is None else query.heartbeat_s
        news = await wait_or_stop(database.news_after(reading.reached, wait_s), stopping)
        if news is None:
            break
        if news:
            with suppress(DatabaseGoneError):
                await reading.send(writer)
        elif query.heartbeat_s is None:
            break
        else:
            await writer.beat()
    return await writer.end(await reading.summary())


class _Reading:
    """How far one reader is."""

    def __init__(
        self, database: Database, query: ChangesQuery, changes_filter: ChangesFilter, since: int
    ) -> None:
        self._database, self._query, self._filter = database, query, changes_filter
        self.reached = since
        self._shown = since
        self.sent = 0
        self.full = query.limit == 0

    async def send(self, writer: FeedWriter) -> None:
        """Send everything up to now, or up to the limit."""
        if self.full:
            return
        reading = pages(self._database, self._query, self._filter, self.reached)
        async with aclosing(reading):
            await self._send(writer, reading)

    async def _send(self, writer: FeedWriter, reading: AsyncIterator[Page]) -> None:
        limit = self._query.limit
        async for page in reading:
            rows = page.rows
            if limit is not None and len(rows) >= limit - self.sent:
                rows = rows[: limit - self.sent]
                self.full = True
            await writer.rows([self._dated(seq, text, at) for at, (seq, text) in enumerate(rows, self.sent)])
            self.sent += len(rows)
            self._shown = rows[-1][0] if rows else self._shown
            self.reached = page.reached if not self._query.descending else self._shown
            if self.full:
                self.reached = self._shown
                return

    def _dated(self, seq: int, text: str, place: int) -> tuple[str, str]:
        """A row with its sequence; only each so-manieth carries one where that was asked for."""
        sequence = sequence_text(seq, self._database.instance)
        shown = "null" if place % self._query.seq_interval else f'"{sequence}"'
        return sequence, f'{{"seq":{shown},{text}'

    async def summary(self) -> dict[str, object]:
        """The end of the answer."""
        left = 0
        state = self._database.state
        if self._filter.counts_all:
            left = max(state.doc_count + state.deleted_count - self.sent, 0)
        elif self.full:
            descending = self._query.descending
            left = await asyncio.to_thread(pending, self._database, self.reached, descending=descending)
        return {"last_seq": sequence_text(self.reached, self._database.instance), "pending": left}


def _etag(database: Database) -> str:
    state = database.state
    text = f"{state.instance}:{state.update_seq}:{state.purge_seq}"
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:25].upper()}"'
