"""The source's changes, a page at a time."""

from collections.abc import AsyncGenerator
from typing import Any

import msgspec

from couch.documents.fields import Json
from couch.node.replicator.peer import Peer
from couch.node.replicator.request import Replication
from couch.node.replicator.wire import ChangesPage


class Feed:
    """Reads what a replication wants of the source's `_changes`, with memory bounded by `batch_size` rows."""

    def __init__(self, source: Peer, replication: Replication, *, heartbeat_s: float) -> None:
        self._source, self._replication, self._heartbeat_s = source, replication, heartbeat_s
        style = "main_only" if replication.winning_revs_only else "all_docs"
        self._params = {"style": style, "limit": str(replication.batch_size)}
        self._body: Json | None = None
        if replication.doc_ids is not None:
            self._params["filter"], self._body = "_doc_ids", {"doc_ids": list(replication.doc_ids)}
        elif replication.selector is not None:
            self._params["filter"], self._body = "_selector", {"selector": replication.selector}
        elif replication.filter is not None:
            self._params["filter"] = replication.filter
            for name, value in replication.query_params.items():
                text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
                self._params.setdefault(name, text)

    async def pages(self, since: Any) -> AsyncGenerator[ChangesPage, None]:
        """The pages after `since`: up to the end as it was at the first, or for ever when continuous.

        What changes meanwhile moves to the end of the feed, so as many rows as there were at the start reach
        past all that there was; a one-shot beside a busy writer ends there.
        """
        left: int | None = None
        while True:
            page = await self._page("normal", since)
            yield page
            since = page.last_seq
            left = page.pending if left is None else left - len(page.results)
            if len(page.results) < self._replication.batch_size or (left is not None and left <= 0):
                break
        while self._replication.continuous:
            page = await self._page("longpoll", since)
            yield page
            since = page.last_seq

    async def _page(self, kind: str, since: Any) -> ChangesPage:
        params = {**self._params, "feed": kind, "since": _text(since)}
        if kind == "normal":
            return await self._source.changes(params, self._body)
        params["heartbeat"] = str(int(self._heartbeat_s * 1000))
        return await self._source.changes(params, self._body, silence_s=3 * self._heartbeat_s)


def _text(seq: Any) -> str:
    """A sequence as the `since` parameter takes it: CouchDB 1 has numbers, others have arrays."""
    return seq if isinstance(seq, str) else msgspec.json.encode(seq).decode()
