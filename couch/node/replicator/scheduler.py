"""Runs jobs: each at most once at a time, again after a crash where a document wants it."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from couch.documents.fields import Json
from couch.node.replicator.failures import ReplicationFailed
from couch.node.replicator.job import Job, backoff_s
from couch.node.replicator.options import ReplicatorOptions

RunJob = Callable[[Job, asyncio.Event], Awaitable[Json]]
Completed = Callable[[Job], Awaitable[None]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Entry:
    job: Job
    stop: asyncio.Event
    wake: asyncio.Event
    task: "asyncio.Task[Json]"


class Scheduler:
    """The jobs of this node.

    A job of `POST /_replicate` runs once; one of a document runs until it completes, crashes waited out with
    growing pauses. At most `max_jobs` run at once, the others wait in the order in which they came.
    """

    def __init__(self, run: RunJob, options: ReplicatorOptions) -> None:
        self._run, self._options = run, options
        self._entries: dict[str, _Entry] = {}
        self._places = asyncio.Semaphore(options.max_jobs)

    def jobs(self) -> list[Job]:
        """All jobs, by id."""
        return [self._entries[job_id].job for job_id in sorted(self._entries)]

    def job(self, job_id: str) -> Job | None:
        """The job with this id."""
        entry = self._entries.get(job_id)
        return None if entry is None else entry.job

    def add(self, job: Job, completed: Completed | None = None) -> None:
        """Start `job`, unless one with its id is here already.

        `completed` is called when the job of a document has reached the end of its source; until then it
        counts as running.
        """
        if job.id in self._entries:
            return
        stop, wake = asyncio.Event(), asyncio.Event()
        if completed is None:
            work = self._once(job, stop)
        else:
            work = self._until_completed(job, stop, wake, completed)
        task = asyncio.create_task(work, name=f"replication {job.id}")
        self._entries[job.id] = _Entry(job, stop, wake, task)
        task.add_done_callback(lambda done: self._ended(job, done))

    async def result(self, job_id: str) -> Json:
        """What the run of a job answers. Raises ReplicationFailed; KeyError when there is no such job.

        Whoever waits may go away: the job goes on.
        """
        task = self._entries[job_id].task
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise ReplicationFailed("cancelled", "the replication was cancelled") from None
            raise

    def wake(self, job_id: str) -> None:
        """Let a crashed job try again at once."""
        if (entry := self._entries.get(job_id)) is not None:
            entry.wake.set()

    async def remove(self, job_id: str) -> bool:
        """Stop a job after the batch it is at, with a last checkpoint; False when there is none."""
        entry = self._entries.get(job_id)
        if entry is None:
            return False
        entry.stop.set()
        entry.wake.set()
        _, late = await asyncio.wait({entry.task}, timeout=self._options.close_timeout_s)
        for task in late:
            task.cancel()
            await asyncio.wait({task})
        return True

    async def close(self) -> None:
        """Stop all jobs."""
        await asyncio.gather(*(self.remove(job_id) for job_id in list(self._entries)))

    async def _once(self, job: Job, stop: asyncio.Event) -> Json:
        async with self._places:
            job.record("started", _now())
            result = await self._run(job, stop)
            job.record("stopped", _now())
            return result

    async def _until_completed(
        self, job: Job, stop: asyncio.Event, wake: asyncio.Event, completed: Completed
    ) -> Json:
        while True:
            try:
                result = await self._once(job, stop)
                if not stop.is_set():
                    await completed(job)
            except ReplicationFailed as failure:
                job.record("crashed", _now(), failure)
                wait_s = backoff_s(job.crashes, self._options)
                _log.warning("replication %s crashed, next try in %.0f s: %s", job.id, wait_s, failure)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), wait_s)
                wake.clear()
                if stop.is_set():
                    return {}
            else:
                return result

    def _ended(self, job: Job, task: "asyncio.Task[Json]") -> None:
        entry = self._entries.get(job.id)
        if entry is not None and entry.task is task:
            del self._entries[job.id]
        failure = None if task.cancelled() else task.exception()
        if isinstance(failure, ReplicationFailed):
            _log.warning("replication %s failed: %s", job.id, failure)
        elif failure is not None:
            _log.error("replication %s failed unexpectedly", job.id, exc_info=failure)


def _now() -> datetime:
    return datetime.now(UTC)
