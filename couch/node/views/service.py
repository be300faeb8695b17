"""The indexes of a node's databases: opened when asked for, brought up to date, closed for others."""

import asyncio
import logging
import sqlite3
from collections import OrderedDict
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from couch.node.answers import HttpError, not_found, not_implemented
from couch.node.js.engine import JsEngine, JsError
from couch.node.views.answering import answer_query
from couch.node.views.definition import View, ViewGroup, read_views
from couch.node.views.index import Index
from couch.node.views.parameters import QueryParameters, check_parameters
from couch.node.views.source import ViewSource
from couch.node.views.threads import in_thread
from couch.node.views.updater import update

_OPEN_INDEXES = 64  # files kept open; a centre has many databases, and most are not asked
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Entry:
    index: Index
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # held by the one who writes
    readers: int = 0

    @property
    def busy(self) -> bool:
        return self.lock.locked() or self.readers > 0


class ViewService:
    """Queries and upkeep of views. Everything here runs in one event loop; what blocks goes into threads."""

    def __init__(self, engine: JsEngine) -> None:
        self._engine = engine
        self._entries: OrderedDict[tuple[Path, str], _Entry] = OrderedDict()
        self._opening = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def group(self, source: ViewSource, design_id: str) -> ViewGroup:
        """The views of a stored design document. Raises HttpError 404 where there is none."""
        document = await in_thread(source.winner, design_id)
        if document is None:
            raise not_found()
        if document.deleted:
            raise not_found("deleted")
        return read_views(msgspec.json.decode(document.body))

    def view(self, group: ViewGroup, name: str) -> View:
        """A view of the group.

        Raises:
            HttpError: 404 where it is missing, 501 where it is in a language that this node does not speak.
        """
        if group.language != "javascript":
            raise not_implemented(f"views in the language {group.language} are not part of this node")
        if name not in group.views:
            raise not_found("missing_named_view")
        return group.views[name]

    async def answer(
        self, source: ViewSource, group: ViewGroup, view: View, parameters: QueryParameters
    ) -> AsyncGenerator[bytes, None]:
        """The answer to one query in pieces, without a newline at the end.

        Raises:
            HttpError: before the first piece: 400 for parameters that do not fit; 500 where a reduce cannot
                take the values. JsError where the design functions fail.
        """
        check_parameters(parameters, view)
        entry = await self._entry(source, group)
        entry.readers += 1
        try:
            if parameters.update == "true":
                await self._update(entry, source)
            elif parameters.update == "lazy":
                self._in_background(self._update(entry, source))
            answer = answer_query(entry.index, view, parameters, source, self._engine)
            async with aclosing(answer) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            entry.readers -= 1

    async def refresh(self, source: ViewSource, group: ViewGroup) -> None:
        """Bring the index of a group up to date. Raises JsError, HttpError 404 where the database went."""
        await self._update(await self._entry(source, group), source)

    async def _update(self, entry: _Entry, source: ViewSource) -> None:
        async with entry.lock:
            try:
                await update(entry.index, source, self._engine)
            except sqlite3.Error:
                if source.instance_is_current():
                    raise
                raise not_found("Database does not exist.") from None

    async def _entry(self, source: ViewSource, group: ViewGroup) -> _Entry:
        key = (source.path, group.signature)
        async with self._opening:
            found = self._entries.get(key)
            if found is not None and found.index.instance != source.instance:
                self._discard(key)
                found = None
            if found is None:
                path = _folder(source) / f"{group.signature}.sqlite"
                found = _Entry(await in_thread(Index, path, group, source.instance))
                self._entries[key] = found
            self._entries.move_to_end(key)
            for other in list(self._entries):
                if len(self._entries) <= _OPEN_INDEXES:
                    break
                if not self._entries[other].busy:
                    self._discard(other)
        return found

    def _discard(self, key: tuple[Path, str]) -> None:
        self._in_background(self._close(self._entries.pop(key)))

    async def _close(self, entry: _Entry) -> None:
        async with entry.lock:
            await in_thread(entry.index.close)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            try:
                await work
            except (JsError, HttpError) as error:
                _log.warning("an index was not updated: %s", error)

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def info(self, source: ViewSource, group: ViewGroup) -> dict[str, Any]:
        """What `GET /{db}/_design/{ddoc}/_info` tells."""
        entry = await self._entry(source, group)
        state = await in_thread(entry.index.state)
        size = await in_thread(entry.index.size)
        pending = max(0, await in_thread(source.update_seq) - state.update_seq)
        return {
            "updates_pending": {"minimum": pending, "preferred": pending, "total": pending},
            "waiting_commit": False,
            "waiting_clients": entry.readers,
            "updater_running": entry.lock.locked(),
            "update_seq": state.update_seq,
            "sizes": {"file": size, "external": size, "active": size},
            "signature": group.signature,
            "purge_seq": state.purge_seq,
            "language": group.language,
            "compact_running": False,
            "collator_versions": [],
        }

    async def compact(self, source: ViewSource, group: ViewGroup) -> None:
        """Rewrite the index without what was deleted from it."""
        entry = await self._entry(source, group)
        async with entry.lock:
            await in_thread(entry.index.compact)

    async def cleanup(self, source: ViewSource) -> None:
        """Remove the indexes that belong to no design document of the database any more."""
        designs = await in_thread(source.designs)
        wanted = {read_views(msgspec.json.decode(text)).signature for text in designs}
        async with self._opening:
            for key in [key for key in self._entries if key[0] == source.path and key[1] not in wanted]:
                entry = self._entries.pop(key)
                async with entry.lock:
                    await in_thread(entry.index.remove)
            await in_thread(_remove_others, _folder(source), wanted)

    def forget(self, source: ViewSource) -> None:
        """Close the indexes of a database that was deleted; its folder of indexes is removed with it."""
        for key in [key for key in self._entries if key[0] == source.path]:
            self._discard(key)

    async def close(self) -> None:
        """Close everything, once nobody asks any more."""
        for key in list(self._entries):
            self._discard(key)
        while self._tasks:
            await asyncio.wait(self._tasks)


def _folder(source: ViewSource) -> Path:
    return source.path.parent.parent / "views" / source.path.stem


def _remove_others(folder: Path, wanted: set[str]) -> None:
    if not folder.exists():
        return
    for path in folder.iterdir():
        if path.name.split(".")[0] not in wanted:
            path.unlink(missing_ok=True)
