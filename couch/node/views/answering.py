"""The answer to one query as bytes: read in threads, handed on in pieces of some size."""

import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager

from couch.node.js.engine import JsEngine
from couch.node.views.definition import View
from couch.node.views.index import Index
from couch.node.views.parameters import QueryParameters
from couch.node.views.reductions import reduce_answer
from couch.node.views.rows import map_answer
from couch.node.views.source import ViewSource
from couch.node.views.threads import in_thread, read_in_thread
from couch.node.views.view_query import ViewQuery, stretches

_PIECE = 64 * 1024  # characters sent at once


async def answer_query(
    index: Index, view: View, parameters: QueryParameters, source: ViewSource, engine: JsEngine
) -> AsyncGenerator[bytes, None]:
    """The answer in pieces, without a newline at the end, from one state of the index.

    Raises HttpError and JsError, before the first piece where the first of the rows are to blame.
    """
    ranges = stretches(index, view, parameters)
    async with _reading(index) as connection:
        query = ViewQuery(index, connection, source, view, parameters, ranges)
        if query.reduces:
            texts = reduce_answer(query, engine)
        else:
            texts = read_in_thread(_joined(map_answer(query)), 1)
        async with aclosing(_pieces(texts)) as pieces:
            async for piece in pieces:
                yield piece


@asynccontextmanager
async def _reading(index: Index) -> AsyncIterator[sqlite3.Connection]:
    """A connection to read one state of the index from, given back when the last thread is done with it."""
    context = index.reading()
    connection = await in_thread(context.__enter__)
    try:
        yield connection
    finally:
        await in_thread(context.__exit__, None, None, None)


def _joined(texts: Iterator[str]) -> Iterator[str]:
    """The texts put together to pieces of some size, so that threads are used sparingly."""
    waiting: list[str] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= _PIECE:
            yield "".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting)


async def _pieces(texts: AsyncIterator[str]) -> AsyncGenerator[bytes, None]:
    """The same for texts that come asynchronously, so that packets are used sparingly."""
    waiting: list[str] = []
    size = 0
    async for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= _PIECE:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting).encode()
