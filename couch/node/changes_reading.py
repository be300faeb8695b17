"""Changes of a database in order, a page at a time, filtered."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

from couch.node.answers import bad_request
from couch.node.changes_filters import Candidate, ChangesFilter
from couch.node.changes_query import ChangesQuery
from couch.node.database import Database
from couch.node.parameters import parse_json
from couch.node.revision import Rev, rev_text
from couch.node.stored import COLUMNS, Stored, json_text, revs_text

_NOTHING = object()
_PAGE = 1000
_PAGE_WITH_DOCS = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Attributes: `rows` sequences with the text after each; `reached` how far was read; `last`: no more."""

    rows: list[tuple[int, str]]
    reached: int
    last: bool


async def pages(
    database: Database, query: ChangesQuery, changes_filter: ChangesFilter, since: int
) -> AsyncGenerator[Page, None]:
    """All changes after `since` that there are now."""
    size = _PAGE_WITH_DOCS if query.include_docs else _PAGE
    newest = database.state.update_seq
    at = newest + 1 if query.descending else since
    while True:
        read = await asyncio.to_thread(_read, database, query, changes_filter.doc_ids, at, size)
        candidates = [Candidate(stored, _revs(stored, all_leaves=query.all_leaves)) for stored in read]
        passed = await changes_filter.revisions(database, candidates) if candidates else []
        rows = [
            (stored.seq, _row(stored, revs, query, changes_filter.fields))
            for stored, revs in zip(read, passed, strict=True)
            if revs
        ]
        last = len(read) < size
        at = read[-1].seq if read else at
        yield Page(rows, at if not last else max(at, newest), last)
        if last:
            return


def pending(database: Database, since: int, *, descending: bool) -> int:
    """How many changes lie beyond `since`. Blocks."""
    if since >= database.state.update_seq and not descending:
        return 0
    with database.connections.reading() as connection:
        sql = f"SELECT count(*) FROM docs WHERE seq {'<' if descending else '>'} ?"  # noqa: S608
        (number,) = connection.execute(sql, (since,)).fetchone()
    return int(number)


def _read(
    database: Database, query: ChangesQuery, doc_ids: Sequence[str] | None, at: int, size: int
) -> list[Stored]:
    condition, direction = ("seq < ?", "DESC") if query.descending else ("seq > ?", "ASC")
    values: list[object] = [at]
    if doc_ids is not None:
        condition += " AND id IN (SELECT value FROM json_each(?))"
        values.append(json_text(list(doc_ids)))
    with database.connections.reading() as connection:
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM docs WHERE {condition} ORDER BY seq {direction} LIMIT ?",  # noqa: S608 - ours
            (*values, size),
        )
        return [Stored.from_row(row) for row in rows]


def _revs(stored: Stored, *, all_leaves: bool) -> tuple[Rev, ...]:
    return tuple(leaf.rev for leaf in stored.tree.leaves()) if all_leaves else (stored.rev,)


def _row(stored: Stored, revs: Sequence[Rev], query: ChangesQuery, fields: Any) -> str:
    changes = json_text([{"rev": rev_text(rev)} for rev in revs])
    deleted = ',"deleted":true' if stored.deleted else ""
    doc = ""
    if query.include_docs:
        extras = []
        if query.conflicts and (conflicts := stored.conflicts()):
            extras.append(("_conflicts", revs_text(conflicts)))
        text = stored.render(extras)
        doc = f',"doc":{text if fields is None else json_text(chosen_fields(parse_json(text), fields))}'
    return f'"id":{json_text(stored.id)},"changes":{changes}{deleted}{doc}}}'


def chosen_fields(document: dict[str, Any], fields: Any) -> dict[str, Any]:
    """The members of a document that `fields` (a list of names, dots for nesting) leaves.

    Raises:
        HttpError: 400 where it is no list of names.
    """
    if not fields or fields == "all_fields":
        return document
    if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):
        raise bad_request("Invalid fields: a list of names is wanted.")
    chosen: dict[str, Any] = {}
    for name in fields:
        value: Any = document
        at = chosen
        *outer, last = name.split(".")
        for part in (*outer, last):
            value = value.get(part, _NOTHING) if isinstance(value, dict) else _NOTHING
        if value is not _NOTHING:
            for part in outer:
                at = at.setdefault(part, {})
            at[last] = value
    return chosen
