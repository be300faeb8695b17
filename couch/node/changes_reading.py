"""Changes of a database in order, a page at a time, filtered."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from couch.node.changes_filters import Candidate, ChangesFilter
from couch.node.changes_query import ChangesQuery
from couch.node.database import Database
from couch.node.revision import Rev, rev_text
from couch.node.sequences import sequence_text
from couch.node.stored import COLUMNS, Stored, json_text, revs_text

_PAGE = 1000
_PAGE_WITH_DOCS = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Attributes: `rows` pairs of sequence and JSON text; `reached` how far was read; `last`: no more."""

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
            (stored.seq, _row(database, stored, revs, query))
            for stored, revs in zip(read, passed, strict=True)
            if revs
        ]
        last = len(read) < size
        at = read[-1].seq if read else at
        yield Page(rows, at if not last else max(at, newest), last)
        if last:
            return


def pending(database: Database, since: int, doc_ids: Sequence[str] | None) -> int:
    """How many changes lie after `since`. Blocks."""
    if since >= database.state.update_seq:
        return 0
    with database.connections.reading() as connection:
        sql = "SELECT count(*) FROM docs WHERE seq > ?"
        values: list[object] = [since]
        if doc_ids is not None:
            sql += " AND id IN (SELECT value FROM json_each(?))"
            values.append(json_text(list(doc_ids)))
        (number,) = connection.execute(sql, values).fetchone()
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


def _row(database: Database, stored: Stored, revs: Sequence[Rev], query: ChangesQuery) -> str:
    changes = json_text([{"rev": rev_text(rev)} for rev in revs])
    seq = sequence_text(stored.seq, database.instance)
    deleted = ',"deleted":true' if stored.deleted else ""
    doc = ""
    if query.include_docs:
        extras = []
        if query.conflicts and (conflicts := stored.conflicts()):
            extras.append(("_conflicts", revs_text(conflicts)))
        doc = f',"doc":{stored.render(extras)}'
    return f'{{"seq":"{seq}","id":{json_text(stored.id)},"changes":{changes}{deleted}{doc}}}'
