"""Which other workers live: those whose count moves. No two machines' clocks are compared."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from couch.client import Database
from couch.clock import Clock, to_rfc3339
from couch.documents import Json, WorkerNote, utc
from couch.errors import Conflict, NotFound
from couch.worker_beats import beat_name


def _real_time() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class _Seen:
    count: int
    since: float  # monotonic seconds of our own
    moved: bool  # we saw it change, so it lives


@dataclass(slots=True)
class Peers:
    """What this worker has seen of the others; for one thread."""

    own: str
    lease_s: float
    clock: Clock
    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], datetime] = _real_time
    _count: int = 0
    _seen: dict[str, _Seen] = field(default_factory=dict)

    def beat(self, registry: Database, state: Json) -> None:
        """Show the others that this worker lives. Raises CouchError."""
        self._count += 1
        at = to_rfc3339(self.wall())
        registry.put_local(beat_name(self.own), {**state, "count": self._count, "at": at})

    def look(self, registry: Database, owners: Iterable[str]) -> None:
        """Read every worker's count, also of those who only own something; be known to the others.

        Raises CouchError.
        """
        notes = [WorkerNote.from_json(doc) for doc in registry.documents(start="worker:", end="worker;")]
        known = {note.worker for note in notes}
        others = (known | set(owners)) - {self.own}
        if self.own not in known:  # new here, or taken for dead while it was paused
            registry.replace(f"worker:{self.own}", self._note)
        for other in others:
            count = int((registry.local(beat_name(other)) or {}).get("count", -1))
            seen = self._seen.get(other)
            if seen is None or seen.count != count:
                self._seen[other] = _Seen(count, self.monotonic(), moved=seen is not None)
        self._seen = {other: seen for other, seen in self._seen.items() if other in others}

    def alive(self) -> set[str]:
        """This one and those of whom it cannot be said that they are dead."""
        now = self.monotonic()
        return {self.own} | {w for w, seen in self._seen.items() if now - seen.since < self.lease_s}

    def undecided(self, workers: Iterable[str]) -> bool:
        """Whether one of them was neither seen alive nor watched for long enough to be called dead."""
        alive = self.alive() - {self.own}
        return any(worker in alive and not self._seen[worker].moved for worker in workers)

    def forget_dead(self, registry: Database) -> None:
        """Remove the notes of the dead, and of this one's predecessors. Raises CouchError."""
        for worker in self._seen.keys() - self.alive():
            remove_notes(registry, worker)

    def leave(self, registry: Database) -> None:
        """An orderly end. Raises CouchError."""
        if self._count:
            remove_notes(registry, self.own)

    def _note(self, stored: Json | None) -> Json | None:
        note = WorkerNote(worker=self.own, started_at=utc(self.clock.now()))
        return note.to_json() if stored is None else None


def remove_notes(registry: Database, worker: str) -> None:
    """Remove what stands of a worker. Raises CouchError."""
    for doc_id in (f"worker:{worker}", f"_local/{beat_name(worker)}"):
        stored = registry.find(doc_id)
        if stored is None:
            continue
        try:
            registry.delete(doc_id, stored["_rev"])
        except (Conflict, NotFound):
            continue  # another worker removes the same note
