"""Rows of `_all_docs`, `_design_docs` and `_local_docs`, as JSON text. Blocks."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from couch.node.all_docs_query import AllDocsQuery
from couch.node.locals import read_local
from couch.node.stored import COLUMNS, Stored, json_text, read_many, revs_text

_PAGE = 500


def offset_of(connection: sqlite3.Connection, query: AllDocsQuery) -> int:
    """How many live documents lie before the first row of a range."""
    if query.start is None:
        before = 0
    else:
        order = ">" if query.descending else "<"
        sql = f"SELECT count(*) FROM docs WHERE deleted = 0 AND id {order} ?"  # noqa: S608
        (before,) = connection.execute(sql, (query.start,)).fetchone()
    return int(before)


def pages(connection: sqlite3.Connection, query: AllDocsQuery) -> Iterator[list[str]]:
    """The rows of a range in id order (by bytes), some at a time."""
    at, inclusive = query.start, True
    skip = query.skip
    left = query.limit
    while left is None or left > 0:
        size = _PAGE if left is None else min(_PAGE, left)
        found = _range(connection, query, at, size, skip, inclusive=inclusive)
        if found:
            yield [_row(document, query) for document in found]
            at, inclusive = found[-1].id, False
        if len(found) < size:
            return
        skip = 0
        left = None if left is None else left - len(found)


def _range(
    connection: sqlite3.Connection,
    query: AllDocsQuery,
    at: str | None,
    size: int,
    skip: int,
    *,
    inclusive: bool,
) -> list[Stored]:
    forward, backward = ("<", ">") if query.descending else (">", "<")
    conditions, values = ["deleted = 0"], list[Any]()
    if at is not None:
        conditions.append(f"id {forward}{'=' if inclusive else ''} ?")
        values.append(at)
    if query.end is not None:
        conditions.append(f"id {backward}{'=' if query.inclusive_end else ''} ?")
        values.append(query.end)
    direction = "DESC" if query.descending else "ASC"
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM docs WHERE {' AND '.join(conditions)} "  # noqa: S608 - ours
        f"ORDER BY id {direction} LIMIT ? OFFSET ?",
        (*values, size, skip),
    )
    return [Stored.from_row(row) for row in rows]


def rows_by_key(connection: sqlite3.Connection, query: AllDocsQuery) -> Iterator[list[str]]:
    """A row for each key, in their order; deleted and unknown documents have rows too."""
    keys = list(query.keys or ())
    if query.descending:
        keys.reverse()
    keys = keys[query.skip :]
    if query.limit is not None:
        keys = keys[: query.limit]
    for start in range(0, len(keys), _PAGE):
        some = keys[start : start + _PAGE]
        stored = read_many(connection, {key for key in some if isinstance(key, str)})
        yield [
            _row(stored[key], query)
            if isinstance(key, str) and key in stored
            else json_text({"key": key, "error": "not_found"})
            for key in some
        ]


def _row(document: Stored, query: AllDocsQuery) -> str:
    doc_id = json_text(document.id)
    value: dict[str, Any] = {"rev": document.rev_text}
    if document.deleted:
        value["deleted"] = True
    doc = ""
    if query.include_docs:
        doc = f',"doc":{_doc(document, query)}'
    return f'{{"id":{doc_id},"key":{doc_id},"value":{json_text(value)}{doc}}}'


def _doc(document: Stored, query: AllDocsQuery) -> str:
    if document.deleted:
        return "null"
    extras = []
    if query.conflicts and (conflicts := document.conflicts()):
        extras.append(("_conflicts", revs_text(conflicts)))
    return document.render(extras)


def local_rows(connection: sqlite3.Connection, query: AllDocsQuery) -> list[str]:
    """The rows of `_local_docs`: there are few."""
    ids: Sequence[Any] = [row[0] for row in connection.execute("SELECT id FROM locals ORDER BY id")]
    if query.keys is not None:
        return [
            _local_row(connection, key, query)
            if key in ids
            else json_text({"key": key, "error": "not_found"})
            for key in query.keys
        ]
    low, high = (query.end, query.start) if query.descending else (query.start, query.end)
    ids = [
        doc_id
        for doc_id in ids
        if (low is None or doc_id >= low)
        and (high is None or doc_id <= high)
        and (query.inclusive_end or doc_id != query.end)
    ]
    if query.descending:
        ids = ids[::-1]
    end = None if query.limit is None else query.skip + query.limit
    return [_local_row(connection, doc_id, query) for doc_id in ids[query.skip : end]]


def _local_row(connection: sqlite3.Connection, doc_id: str, query: AllDocsQuery) -> str:
    name = json_text(doc_id)
    text = read_local(connection, doc_id) or "null"
    rev = text.partition('"_rev":')[2].partition('"')[2].partition('"')[0]
    doc = f',"doc":{text}' if query.include_docs else ""
    return f'{{"id":{name},"key":{name},"value":{{"rev":"{rev}"}}{doc}}}'
