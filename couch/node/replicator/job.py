"""A job of the scheduler: one replication, how its runs went and how it stands."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from couch.clock import to_rfc3339
from couch.documents.fields import Json
from couch.node.replicator.failures import ReplicationFailed
from couch.node.replicator.options import ReplicatorOptions
from couch.node.replicator.request import Replication
from couch.node.replicator.tally import Tally

EventKind = Literal["added", "started", "crashed", "stopped"]
STATES = ("initializing", "error", "running", "pending", "crashing", "completed", "failed")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job; `reason` of a crash alone."""

    kind: EventKind
    at: datetime
    reason: str | None = None


def consecutive_crashes(events: Sequence[Event], health_threshold: timedelta) -> int:
    """How many crashes the job has had in a row; `events` newest first.

    A row ends at a run longer than `health_threshold`, and at one that was stopped in good health (the
    algorithm of couch_replicator_scheduler.erl).
    """
    count = 0
    for event, before in zip(events, [*events[1:], None], strict=True):
        if before is None:
            break
        if event.kind == "crashed":
            if event.at - before.at > health_threshold:
                break
            count += 1
        elif event.kind == "stopped" and before.kind == "started":
            break
    return count


def backoff_s(crashes: int, options: ReplicatorOptions) -> float:
    """Seconds to wait after so many crashes in a row: doubled each time."""
    return float(min(options.backoff_s * 2 ** max(0, crashes - 1), options.max_backoff_s))


@dataclass(slots=True)
class Job:
    """One replication in the scheduler, under its full id; newest event first.

    Attributes: `log_id` the name of its checkpoints; `log` the newest one it wrote or found; `through` the
    source's sequence of its last checkpoint.
    """

    id: str
    log_id: str
    replication: Replication
    options: ReplicatorOptions
    added_at: datetime
    running: bool = False
    tally: Tally | None = None
    through: Any = None
    events: deque[Event] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.events = deque(maxlen=self.options.max_history)
        self.record("added", self.added_at)

    def record(self, kind: EventKind, at: datetime, failure: ReplicationFailed | None = None) -> None:
        """Remember an event."""
        self.running = kind == "started"
        self.events.appendleft(Event(kind, at, None if failure is None else str(failure)))

    def progress(self, tally: Tally, through: Any) -> None:
        """Take note of how far a run has come."""
        self.tally, self.through = tally, through

    @property
    def crashes(self) -> int:
        """Crashes in a row."""
        return consecutive_crashes(tuple(self.events), timedelta(seconds=self.options.health_threshold_s))

    @property
    def state(self) -> str:
        """running, crashing (it waits to be tried again) or pending, as CouchDB names them."""
        if self.running:
            return "running"
        return "crashing" if self.events[0].kind == "crashed" else "pending"

    def stats(self) -> Json | None:
        """Its counts; None before the first run has read its checkpoint."""
        if self.tally is None:
            return None
        return {**self.tally.to_stats(), "checkpointed_source_seq": self.through}

    def to_json(self, database: str | None, node: str) -> Json:
        """The row of `_scheduler/jobs`."""
        replication = self.replication
        return {
            "database": database,
            "id": self.id,
            "pid": f"<{node}>" if self.running else None,
            "source": replication.source.url,
            "target": replication.target.url,
            "user": replication.user,
            "doc_id": replication.document,
            "info": self.stats(),
            "history": [_event_json(event) for event in self.events],
            "node": node,
            "start_time": to_rfc3339(self.added_at),
        }

    def task(self, database: str | None, node: str) -> Json:
        """The row of `_active_tasks`, for a job that runs."""
        replication = self.replication
        return {
            "node": node,
            "type": "replication",
            "user": replication.user,
            "replication_id": self.id,
            "database": database,
            "doc_id": replication.document,
            "source": replication.source.url,
            "target": replication.target.url,
            "continuous": replication.continuous,
            "checkpoint_interval": int(replication.checkpoint_interval_s * 1000),
            "started_on": int(self.events[0].at.timestamp()),
            **(self.stats() or {}),
        }

    def summary(self) -> Json:
        """The part of a row of `_scheduler/docs` that tells of the job."""
        state = self.state
        return {
            "source": self.replication.source.url,
            "target": self.replication.target.url,
            "state": state,
            "info": {"error": self.events[0].reason} if state == "crashing" else self.stats(),
            "error_count": self.crashes,
            "last_updated": to_rfc3339(self.events[0].at),
            "start_time": to_rfc3339(self.added_at),
            "source_proxy": None,
            "target_proxy": None,
        }


def _event_json(event: Event) -> Json:
    body: Json = {"timestamp": to_rfc3339(event.at), "type": event.kind}
    return body if event.reason is None else {**body, "reason": event.reason}
