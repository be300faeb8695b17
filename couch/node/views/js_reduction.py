"""Reduce functions in JavaScript: rows go to a worker in chunks, the reductions of a group are rereduced.

As in CouchDB every result has been through a rereduce, also where one chunk held the whole group.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

from couch.node.js.engine import JsEngine
from couch.node.stored import json_text
from couch.node.views.grouping import Row, group_of
from couch.node.views.threads import in_thread

_CHUNK_ROWS = 500  # rows that one call of the function sees
_CHUNK_CHARACTERS = 500_000
_CHUNKS = 8  # handed to a worker at once
_REDUCTIONS = 100  # of one group, kept before they are rereduced
_OVERFLOW = '{"reduce_overflow_error":'


class Chunk(NamedTuple):
    """Rows of one group for one call: the group's number and key, the call as JSON text."""

    group: int
    key: str
    call: str


def chunks(rows: Iterable[Row], level: int) -> Iterator[Chunk]:
    """The rows cut into chunks, none of which spans two groups."""
    group_key = group_of(level)
    number, current = 0, ""
    keys: list[str] = []
    values: list[str] = []
    size = 0
    for doc_id, key, value in rows:
        group = group_key(key)
        if keys and (group != current or len(keys) >= _CHUNK_ROWS or size > _CHUNK_CHARACTERS):
            yield Chunk(number, current, _call(keys, values))
            keys, values, size = [], [], 0
            number += group != current
        current = group
        keys.append(f"[{key},{json_text(doc_id)}]")
        values.append(value)
        size += len(key) + len(value)
    if keys:
        yield Chunk(number, current, _call(keys, values))


def _call(keys: Sequence[str] | None, values: Sequence[str]) -> str:
    """[keys, values, rereduce, size]; the size is what CouchDB holds the reduction against."""
    key_text = "null" if keys is None else f"[{','.join(keys)}]"
    value_text = f"[{','.join(values)}]"
    size = len(key_text) + len(value_text) + 3 * len(values)
    return f"[{key_text},{value_text},{'true' if keys is None else 'false'},{size}]"


async def reduce_in_javascript(
    engine: JsEngine, function: str, all_chunks: Iterator[Chunk]
) -> AsyncIterator[tuple[str, str]]:
    """(group, reduction) as JSON texts. Chunks are read in a thread. Raises JsError."""
    program = json_text({"reduce": function})

    async def run(calls: Sequence[str]) -> list[str]:
        result = await engine.call_raw("reduce", program, f"[{','.join(calls)}]".encode())
        return [bytes(raw).decode() for raw in msgspec.json.decode(result, type=list[msgspec.Raw])]

    async def rereduce(groups: Sequence[list[str]]) -> list[str]:
        reduced = await run([_call(None, reductions) for reductions in groups])
        return [_overflow(group) or one for group, one in zip(groups, reduced, strict=True)]

    number, key, reductions = -1, "", list[str]()
    while batch := await in_thread(lambda: list(islice(all_chunks, _CHUNKS))):
        finished: list[tuple[str, list[str]]] = []
        for chunk, reduction in zip(batch, await run([chunk.call for chunk in batch]), strict=True):
            if chunk.group != number and reductions:
                finished.append((key, reductions))
                reductions = []
            number, key = chunk.group, chunk.key
            reductions.append(reduction)
        if finished:
            for (group, _), result in zip(finished, await rereduce([g for _, g in finished]), strict=True):
                yield group, result
        if len(reductions) >= _REDUCTIONS:
            reductions = await rereduce([reductions])
    if reductions:
        yield key, (await rereduce([reductions]))[0]


def _overflow(reductions: Sequence[str]) -> str | None:
    return next((one for one in reductions if one.startswith(_OVERFLOW)), None)
