"""Bringing an index up to date: read what changed, map it in a worker, write the rows; 1,000 at a time.

Each batch is one transaction together with the sequence it was read up to, so that a crash costs one batch.
"""

from collections.abc import Iterator, Sequence

from couch.node.answers import not_found
from couch.node.js.engine import JsEngine
from couch.node.source import ChangedDocument
from couch.node.views.index import Index
from couch.node.views.mapped import MappedDocument, read_mapped, source_text
from couch.node.views.source import ViewSource
from couch.node.views.threads import in_thread

_BATCH = 1000  # documents a transaction
_CHARACTERS = 4_000_000  # of documents handed to a worker at once


async def update(index: Index, source: ViewSource, engine: JsEngine) -> None:
    """Index everything up to the newest sequence at the time of the call.

    The caller sees to it that only one of these runs for an index. Raises JsError; HttpError 404 when the
    database is deleted meanwhile.
    """
    target, purged = await in_thread(source.update_seq), await in_thread(source.purge_seq)
    state = await in_thread(index.state)
    if state.update_seq > target or state.purge_seq > purged:
        # An older copy of the database was put back: the index is ahead of it.
        await in_thread(index.reset)
        state = await in_thread(index.state)
    if purged > state.purge_seq:
        # Purges come first: what was written again since is among the changes.
        await in_thread(index.forget, await in_thread(source.purged_ids, state.purge_seq), purged)
    seq = state.update_seq
    while seq < target:
        if not source.instance_is_current():
            raise not_found("Database does not exist.")
        changed = [doc for doc in await in_thread(source.changed_since, seq, _BATCH) if doc.seq <= target]
        # Where the last changes were purged or superseded, nothing stands between here and the target.
        seq = changed[-1].seq if changed else target
        mapped = await _map(index, engine, changed)
        await in_thread(index.apply, [doc.id for doc in changed], mapped, seq)


async def _map(index: Index, engine: JsEngine, changed: Sequence[ChangedDocument]) -> list[MappedDocument]:
    group = index.group
    wanted = [doc for doc in changed if not doc.deleted and (group.include_design or not _is_design(doc))]
    mapped: list[MappedDocument] = []
    for piece in _pieces(wanted):
        result = await engine.call_raw("map", group.program, source_text(piece, group))
        mapped += await in_thread(read_mapped, result, piece, group)
    return mapped


def _is_design(document: ChangedDocument) -> bool:
    return document.id.startswith("_design/")


def _pieces(documents: Sequence[ChangedDocument]) -> Iterator[list[ChangedDocument]]:
    piece: list[ChangedDocument] = []
    size = 0
    for document in documents:
        if piece and size + len(document.body) > _CHARACTERS:
            yield piece
            piece, size = [], 0
        piece.append(document)
        size += len(document.body)
    if piece:
        yield piece
