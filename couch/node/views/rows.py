"""Rows of a view as an answer to a query without reduction: pieces of JSON text in CouchDB's layout.

Everything here blocks.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from couch.node.stored import json_text, revs_text
from couch.node.views.grouping import Row
from couch.node.views.index import total_rows
from couch.node.views.ranges import Range
from couch.node.views.view_query import ViewQuery, sequence_member

_ALL = 1 << 62  # SQLite's integers have 64 bits, CouchDB's have no bound


def map_answer(query: ViewQuery) -> Iterator[str]:
    """The answer piece by piece, without a newline at its end."""
    total = total_rows(query.connection, query.view.map)
    skip, limit = min(query.parameters.skip, _ALL), _limit(query)
    offset = min(total, _rows_before(query) + skip)
    members = [f'"total_rows":{total}', f'"offset":{offset}', *sequence_member(query), '"rows":[']
    yield "{" + ",".join(members) + "\r\n"
    separator = ""
    for doc_id, key, value in _rows(query, skip, limit):
        document = _document(query, doc_id, value) if query.parameters.include_docs else ""
        yield f'{separator}{{"id":{json_text(doc_id)},"key":{key},"value":{value}{document}}}'
        separator = ",\r\n"
    yield "\r\n]}"


def all_rows(query: ViewQuery, stretch: Range) -> Iterator[Row]:
    """The rows of one stretch."""
    return _select(query, stretch, _ALL, 0)


def _limit(query: ViewQuery) -> int:
    return _ALL if query.parameters.limit is None else min(query.parameters.limit, _ALL)


def _select(query: ViewQuery, stretch: Range, limit: int, skip: int) -> Iterator[Row]:
    condition, values = stretch.condition()
    statement = (
        f"SELECT id, key, value FROM rows WHERE map = ?{condition} "  # noqa: S608 - all of it is ours
        f"ORDER BY {stretch.order} LIMIT ? OFFSET ?"
    )
    return iter(query.connection.execute(statement, (query.view.map, *values, limit, skip)))


def _rows(query: ViewQuery, skip: int, limit: int) -> Iterator[Row]:
    if len(query.ranges) == 1:
        yield from _select(query, query.ranges[0], limit, skip)
        return
    for stretch in query.ranges:
        if limit <= 0:
            return
        for row in _select(query, stretch, min(_ALL, skip + limit), 0):
            if skip > 0:
                skip -= 1
            else:
                limit -= 1
                yield row


def _rows_before(query: ViewQuery) -> int:
    """How many rows of the view stand before the first stretch that has any (before the last if none has)."""
    if not query.ranges:
        return 0
    found = query.ranges[-1]
    if len(query.ranges) > 1:
        found = next((one for one in query.ranges if next(_select(query, one, 1, 0), None)), found)
    condition, values = found.before()
    statement = f"SELECT count(*) FROM rows WHERE map = ?{condition}"  # noqa: S608
    before: int = query.connection.execute(statement, (query.view.map, *values)).fetchone()[0]
    return before


def _document(query: ViewQuery, doc_id: str, value: str) -> str:
    """The member `doc`: the row's document, or the one that its value names by `_id` (and `_rev`)."""
    named: dict[str, Any] = {}
    if value.startswith("{") and ('"_id"' in value or '"_rev"' in value):
        named = msgspec.json.decode(value)
    return f',"doc":{_document_text(query, named.get("_id", doc_id), named.get("_rev"))}'


def _document_text(query: ViewQuery, doc_id: Any, rev: Any) -> str:
    if not isinstance(doc_id, str):
        return "null"
    if isinstance(rev, str):
        revision = query.source.revision(doc_id, rev)
        return "null" if revision is None else revision.body
    stored = query.source.stored(doc_id)
    if stored is None or stored.deleted:
        return "null"
    conflicts = stored.conflicts() if query.parameters.conflicts else []
    return stored.render([("_conflicts", revs_text(conflicts))] if conflicts else [])
