"""`_all_docs`, `_design_docs`, `_local_docs` and several queries at once."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from aiohttp import web

from couch.node import all_docs
from couch.node.all_docs_query import AllDocsQuery, parse_queries
from couch.node.database import Database
from couch.node.keys import DATABASE
from couch.node.parameters import json_object
from couch.node.sequences import plain_sequence
from couch.node.streaming import stream_answer

DESIGN_START, DESIGN_END = "_design/", "_design0"


async def get_all_docs(request: web.Request) -> web.StreamResponse:
    """`GET` or `POST /{db}/_all_docs`."""
    query = await _query(request)
    return await stream_answer(request, _listing(request[DATABASE], query))


async def get_design_docs(request: web.Request) -> web.StreamResponse:
    """`GET` or `POST /{db}/_design_docs`."""
    query = await _query(request)
    return await stream_answer(request, _design_listing(request[DATABASE], query))


async def get_local_docs(request: web.Request) -> web.StreamResponse:
    """`GET` or `POST /{db}/_local_docs`."""
    query = await _query(request)
    return await stream_answer(request, _local_listing(request[DATABASE], query))


async def all_docs_queries(request: web.Request) -> web.StreamResponse:
    """`POST /{db}/_all_docs/queries`."""
    queries = parse_queries(await json_object(request), request.query)
    return await stream_answer(request, _listings(request[DATABASE], queries, _listing))


async def design_docs_queries(request: web.Request) -> web.StreamResponse:
    """`POST /{db}/_design_docs/queries`."""
    queries = parse_queries(await json_object(request), request.query)
    return await stream_answer(request, _listings(request[DATABASE], queries, _design_listing))


async def local_docs_queries(request: web.Request) -> web.StreamResponse:
    """`POST /{db}/_local_docs/queries`."""
    queries = parse_queries(await json_object(request), request.query)
    return await stream_answer(request, _listings(request[DATABASE], queries, _local_listing))


async def _query(request: web.Request) -> AllDocsQuery:
    body: dict[str, Any] = await json_object(request) if request.method == "POST" else {}
    return await asyncio.to_thread(AllDocsQuery.parse, request.query, body)


def _listings(
    database: Database,
    queries: list[AllDocsQuery],
    listing: Callable[[Database, AllDocsQuery], Iterator[str]],
) -> Iterator[str]:
    yield '{"results":['
    for number, query in enumerate(queries):
        yield "," if number else ""
        yield from listing(database, query)
    yield "]}\n"


def _listing(database: Database, query: AllDocsQuery) -> Iterator[str]:
    state = database.state
    with database.connections.reading() as connection:
        if query.keys is not None:
            offset = "null"
            pages = all_docs.rows_by_key(connection, query)
        else:
            skipped = all_docs.offset_of(connection, query) + query.skip
            offset = str(min(skipped, state.doc_count))
            pages = all_docs.pages(connection, query)
        sequence = f'"update_seq":"{plain_sequence(state.update_seq)}",' if query.update_seq else ""
        yield f'{{"total_rows":{state.doc_count},"offset":{offset},{sequence}"rows":['
        yield from _joined(pages)
        yield "\n]}\n"


def _design_listing(database: Database, query: AllDocsQuery) -> Iterator[str]:
    whole = AllDocsQuery(start=DESIGN_START, end=DESIGN_END, inclusive_end=False)
    with database.connections.reading() as connection:
        total = sum(len(page) for page in all_docs.pages(connection, whole))
        if query.keys is not None:
            offset = "null"
            designs = tuple(key for key in query.keys if str(key).startswith(DESIGN_START))
            pages = all_docs.rows_by_key(connection, replace(query, keys=designs))
        else:
            narrowed = _narrowed(query)
            before = all_docs.offset_of(connection, replace(query, start=narrowed.start))
            outside = all_docs.offset_of(
                connection,
                AllDocsQuery(
                    start=DESIGN_END if query.descending else DESIGN_START, descending=query.descending
                ),
            )
            offset = str(min(max(before - outside, 0) + query.skip, total))
            pages = all_docs.pages(connection, narrowed)
        yield f'{{"total_rows":{total},"offset":{offset},"rows":['
        yield from _joined(pages)
        yield "\n]}\n"


def _narrowed(query: AllDocsQuery) -> AllDocsQuery:
    """The part of the range that lies among design documents."""
    if query.descending:
        start = min(query.start or DESIGN_END, DESIGN_END)
        return replace(query, start=start, end=max(query.end or DESIGN_START, DESIGN_START))
    if query.end is None or query.end >= DESIGN_END:
        query = replace(query, end=DESIGN_END, inclusive_end=False)
    return replace(query, start=max(query.start or DESIGN_START, DESIGN_START))


def _local_listing(database: Database, query: AllDocsQuery) -> Iterator[str]:
    with database.connections.reading() as connection:
        rows = all_docs.local_rows(connection, query)
    yield '{"total_rows":null,"offset":null,"rows":['
    yield from _joined(iter([rows]))
    yield "\n]}\n"


def _joined(pages: Iterator[list[str]]) -> Iterator[str]:
    separator = "\n"
    for page in pages:
        if page:
            yield separator + ",\n".join(page)
            separator = ",\n"
