"""Follows `_replicator`: each document there is a replication that this node keeps running."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from couch.clock import to_rfc3339
from couch.documents.fields import Json
from couch.node.replicator import document_states
from couch.node.replicator.failures import BadReplication, PeerRefused, ReplicationFailed
from couch.node.replicator.job import Job
from couch.node.replicator.peer import Peer
from couch.node.replicator.request import Replication
from couch.node.replicator.scheduler import Scheduler
from couch.node.replicator.wire import Change

_log = logging.getLogger(__name__)

_HEARTBEAT_S = 60.0
_RETRY_S = 5.0  # while the database is away
_FIRST_ERROR_BACKOFF_S = 64  # as couch_replicator_doc_processor.erl: up to this, doubled each time
_MAX_ERROR_EXPONENT = 12


@dataclass(slots=True)
class Wanted:
    """A document that asks for a replication. `job_id` once it is in the scheduler, `error` while not."""

    doc_id: str
    replication: Replication
    since: datetime
    updated: datetime
    job_id: str | None = None
    error: str | None = None
    errors: int = 0
    starting: "asyncio.Task[None] | None" = field(default=None, repr=False)

    def row(self, job: Job | None, node: str) -> Json | None:
        """The row of `_scheduler/docs`; None when the job has just ended."""
        head = {"database": document_states.DATABASE, "doc_id": self.doc_id, "id": self.job_id, "node": node}
        if self.job_id is not None:
            return None if job is None else head | job.summary()
        return head | {
            "state": "initializing" if self.error is None else "error",
            "info": None if self.error is None else {"error": self.error},
            "error_count": self.errors,
            "last_updated": to_rfc3339(self.updated),
            "start_time": to_rfc3339(self.since),
        }


class Documents:
    """The documents of `_replicator` that have not come to an end.

    `open_database` gives a connection to `_replicator`; `parse` reads a document (raises BadReplication);
    `make_job` finds out the id (may ask the source for a filter; raises ReplicationFailed).
    """

    def __init__(
        self,
        scheduler: Scheduler,
        *,
        open_database: Callable[[], Peer],
        parse: Callable[[Json], Replication],
        make_job: Callable[[Replication], Awaitable[Job]],
    ) -> None:
        self._scheduler = scheduler
        self._open_database, self._parse, self._make_job = open_database, parse, make_job
        self._wanted: dict[str, Wanted] = {}
        self._instance: str | None = None
        self._since: Any = "0"

    def wanted(self, doc_id: str) -> Wanted | None:
        """The document, while it is not at its end."""
        return self._wanted.get(doc_id)

    async def follow(self) -> None:
        """Follow the database until cancelled, also when it is destroyed and made anew."""
        while True:
            database = self._open_database()
            try:
                while True:
                    await self._follow(database)
            except ReplicationFailed as failure:
                if failure.error == "db_not_found":
                    await self._forget_all()
                else:
                    _log.warning("cannot follow %s: %s", document_states.DATABASE, failure)
            except Exception:  # noqa: BLE001 - a fault of our own at one document must not end the others
                _log.exception("cannot follow %s", document_states.DATABASE)
            await asyncio.sleep(_RETRY_S)

    async def _follow(self, database: Peer) -> None:
        instance = (await database.info()).instance_start_time
        if instance != self._instance:
            await self._forget_all()
            self._instance = instance
        params = {
            "feed": "longpoll",
            "include_docs": "true",
            "limit": "100",
            "since": str(self._since),
            "heartbeat": str(int(_HEARTBEAT_S * 1000)),
        }
        page = await database.changes(params, silence_s=3 * _HEARTBEAT_S)
        for change in page.results:
            await self._changed(change)
        self._since = page.last_seq

    async def _changed(self, change: Change) -> None:
        document = change.doc or {}
        if change.id.startswith("_design/"):
            return
        if change.deleted:
            await self._forget(change.id)
        elif document.get("_replication_state") in ("completed", "failed"):
            self._wanted.pop(change.id, None)
        else:
            await self._want(change.id, document)

    async def _want(self, doc_id: str, document: Json) -> None:
        try:
            replication = self._parse(document)
        except BadReplication as failure:
            await self._forget(doc_id)
            await self._mark_failed(doc_id, failure.reason)
            return
        known = self._wanted.get(doc_id)
        if known is not None and known.replication == replication:
            return
        await self._forget(doc_id)
        wanted = Wanted(doc_id, replication, _now(), _now())
        self._wanted[doc_id] = wanted
        wanted.starting = asyncio.create_task(self._start(wanted), name=f"start of replication {doc_id}")

    async def _start(self, wanted: Wanted) -> None:
        """Put the replication into the scheduler, as soon as that is possible."""
        while True:
            try:
                job = await self._make_job(wanted.replication)
                other = self._scheduler.job(job.id)
                if other is None:
                    wanted.job_id, wanted.error, wanted.updated = job.id, None, _now()
                    self._scheduler.add(job, self._completed)
                    return
                if other.replication.document is not None:
                    words = (
                        f"Replication `{job.id}` specified by document `{wanted.doc_id}` already started, "
                        f"triggered by document `{other.replication.document}` from db `_replicator`"
                    )
                    await self._mark_failed(wanted.doc_id, words)
                    self._wanted.pop(wanted.doc_id, None)
                    return
                wanted.error = (
                    f"Replication `{job.id}` specified by document `{wanted.doc_id}` already running as a "
                    "transient replication, started via `_replicate` API endpoint"
                )
            except ReplicationFailed as failure:
                wanted.error = str(failure)
            wanted.errors, wanted.updated = wanted.errors + 1, _now()
            longest_s = _FIRST_ERROR_BACKOFF_S << min(wanted.errors, _MAX_ERROR_EXPONENT)
            await asyncio.sleep(random.uniform(1, longest_s))  # noqa: S311 - spreads load, keeps no secret

    async def _completed(self, job: Job) -> None:
        stats = {**(job.stats() or {}), "start_time": to_rfc3339(job.added_at)}
        await self._update(
            str(job.replication.document), lambda document: document_states.completed(document, stats, _now())
        )

    async def _mark_failed(self, doc_id: str, reason: str) -> None:
        _log.warning("replication document %s can never run: %s", doc_id, reason)
        await self._update(doc_id, lambda document: document_states.failed(document, reason, _now()))

    async def _update(self, doc_id: str, change: Callable[[Json], Json]) -> None:
        """Change a document; one that is gone stays gone, one that was changed meanwhile is read again."""
        database = self._open_database()
        while (document := await database.document(doc_id)) is not None:
            try:
                await database.put(doc_id, change(document))
            except PeerRefused as err:
                if err.status in (401, 403):
                    _log.warning("a validator keeps the state out of replication document %s", doc_id)
                    return
                if err.status != 409:
                    raise
            else:
                return

    async def _forget(self, doc_id: str) -> None:
        wanted = self._wanted.pop(doc_id, None)
        if wanted is None:
            return
        if wanted.starting is not None:
            wanted.starting.cancel()
        if wanted.job_id is not None:
            await self._scheduler.remove(wanted.job_id)

    async def _forget_all(self) -> None:
        for doc_id in list(self._wanted):
            await self._forget(doc_id)
        self._instance, self._since = None, "0"

    async def close(self) -> None:
        """Stop what is starting; the jobs themselves are the scheduler's."""
        for wanted in self._wanted.values():
            if wanted.starting is not None:
                wanted.starting.cancel()


def _now() -> datetime:
    return datetime.now(UTC)
