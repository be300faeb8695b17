"""One run of a replication, from its last checkpoint to the end of the feed or until it is stopped."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, TypeVar

from couch.documents.fields import Json
from couch.node.replicator.batches import Batch, Copier
from couch.node.replicator.checkpoint import Ancestor, Session, checkpoint, common_ancestor
from couch.node.replicator.failures import ReplicationFailed
from couch.node.replicator.feed import Feed
from couch.node.replicator.options import ReplicatorOptions
from couch.node.replicator.peer import Peer
from couch.node.replicator.request import Replication
from couch.node.replicator.tally import Tally
from couch.node.replicator.wire import DatabaseInfo

T = TypeVar("T")

_UNKNOWN_START = "0"  # instance_start_time of servers before CouchDB 3.3
# A feed that took this long to say nothing new is checkpointed all the same, so that the next run need not
# read it again; CouchDB would read it each time (0.9 s for 20,000 changes passed by a selector).
_WORTH_A_CHECKPOINT_S = 0.5


class Run:
    """Copies documents and records checkpoints.

    A batch counts as done once the target has answered for all of it, and a checkpoint never says more than
    that. So a run may die anywhere: the next one goes on from the last checkpoint, and what it finds written
    already it does not write again.
    """

    def __init__(
        self,
        replication: Replication,
        log_id: str,
        source: Peer,
        target: Peer,
        *,
        options: ReplicatorOptions,
        progress: Callable[[Tally, Any], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._replication, self._log_id = replication, log_id
        self._source, self._target = source, target
        self._options, self._progress, self._now = options, progress, now
        self._feed = Feed(source, replication, heartbeat_s=options.heartbeat_s)
        self._copier = Copier(
            source,
            target,
            batch_bytes=options.batch_bytes,
            batch_size=replication.batch_size,
            use_bulk_get=replication.use_bulk_get,
            connections=replication.http_connections,
        )
        self._tally = Tally()
        self._through: Any = None  # everything up to here is on the target
        self._committed: Any = None  # ... and the checkpoint says so
        self._log_revs: list[str | None] = [None, None]
        self._log: Json = {}

    async def run(self, stop: asyncio.Event) -> Json:
        """Replicate; the checkpoint's body, with `no_changes` where nothing was new.

        Returns at the end of the source's feed; a continuous one only when `stop` is set. Raises
        ReplicationFailed.
        """
        infos, ancestor = await self._open()
        session = Session(uuid.uuid4().hex, self._now(), self._committed)
        started, seen = time.monotonic(), False
        async with (
            aclosing(self._feed.pages(self._committed)) as pages,
            aclosing(self._copier.batches(pages)) as batches,
            aclosing(self._until(stop, batches)) as work,
        ):
            async for batch in work:
                if batch is not None:
                    seen = seen or batch.tally.missing_checked > 0
                    await self._take(batch)
                elif seen:
                    await self._record(session, infos, ancestor)
        if seen or time.monotonic() - started > _WORTH_A_CHECKPOINT_S:
            await self._record(session, infos, ancestor)
        if not self._replication.use_checkpoints:
            return {"use_checkpoints": False}
        return self._log if seen else {"no_changes": True, **self._log}

    async def _open(self) -> tuple[list[DatabaseInfo], Ancestor]:
        """See that both databases are there, and find where to go on."""
        if self._replication.create_target:
            await self._source.info()
            await self._target.create(self._replication.create_target_params)
        sides = (self._source, self._target)
        opening = asyncio.gather(
            _all(*(side.info() for side in sides)),
            _all(*(side.document(f"_local/{self._log_id}") for side in sides)),
            return_exceptions=True,
        )
        infos, logs = await opening
        if isinstance(infos, BaseException):
            raise infos
        if isinstance(logs, BaseException):
            raise logs
        ancestor = common_ancestor(*logs)
        self._log_revs = [None if log is None else str(log["_rev"]) for log in logs]
        self._log = {name: value for name, value in (logs[0] or {}).items() if name not in ("_id", "_rev")}
        since = self._replication.since_seq
        self._committed = self._through = ancestor.seq if since is None else since
        self._tally = ancestor.tally
        self._progress(self._tally, self._committed)
        return infos, ancestor

    async def _until(
        self, stop: asyncio.Event, batches: AsyncGenerator[Batch, None]
    ) -> AsyncGenerator[Batch | None, None]:
        """The batches, each read while the one before is written; None whenever a checkpoint is due.

        Ends with them, or when `stop` is set.
        """
        interval_s = self._replication.checkpoint_interval_s
        stopped = asyncio.create_task(stop.wait())
        following = asyncio.create_task(_next(batches))
        due = time.monotonic() + interval_s
        try:
            while not stopped.done():
                left_s = max(0.0, due - time.monotonic())
                await asyncio.wait({following, stopped}, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
                if following.done():
                    batch = following.result()
                    if batch is None:
                        return
                    following = asyncio.create_task(_next(batches))
                    yield batch
                if time.monotonic() >= due:
                    yield None
                    due = time.monotonic() + interval_s
        finally:
            stopped.cancel()
            following.cancel()
            await asyncio.gather(stopped, following, return_exceptions=True)

    async def _take(self, batch: Batch) -> None:
        written = await self._copier.write(batch)
        self._tally = self._tally + batch.tally + written
        if batch.through is not None:
            self._through = batch.through
        self._progress(self._tally, self._committed)

    async def _record(self, session: Session, infos: list[DatabaseInfo], ancestor: Ancestor) -> None:
        """Write the checkpoint on both sides, if there is something new to say.

        Not where a database is another one than at the start: it has not what went into the one before.
        """
        if self._through == self._committed or not self._replication.use_checkpoints:
            return
        sides = (self._source, self._target)
        now_infos = await _all(*(side.info() for side in sides))
        for name, then, now in zip(("source", "target"), infos, now_infos, strict=True):
            starts = {then.instance_start_time, now.instance_start_time} - {_UNKNOWN_START}
            if len(starts) > 1:
                words = f"instance_start_time on {name} database has changed since last checkpoint."
                raise ReplicationFailed("checkpoint_commit_failure", words)
        log = checkpoint(
            session,
            self._through,
            self._tally,
            self._now(),
            ancestor.history,
            by_doc_ids=self._replication.doc_ids is not None,
        )
        # In whichever order they arrive, and if only one does, both histories still share the session before.
        revs = await _all(
            *(side.put_log(self._log_id, log, rev) for side, rev in zip(sides, self._log_revs, strict=True))
        )
        self._log_revs, self._log, self._committed = [*revs], log, self._through
        self._progress(self._tally, self._committed)


async def _all(*parts: Awaitable[T]) -> list[T]:
    """The results of all, awaited together and to their ends; raises the first failure in their order."""
    results = await asyncio.gather(*parts, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


async def _next(batches: AsyncGenerator[Batch, None]) -> Batch | None:
    return await anext(batches, None)
