"""The signs of life of the centre's workers, as `_local` documents of `registry`: a count that moves, and how
the worker is. They are written by `anonymizer.peers` and shown to administrators.
"""

from datetime import datetime

import msgspec

from couch.client import Database
from couch.documents import WorkerNote


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker last said. Times are real; `at` None: it is too old to say when."""

    count: int = -1
    at: datetime | None = None
    waiting: int = 0  # households
    lag_s: float = 0.0  # for how long the one that waits longest has been waiting
    slices: int = 0
    counts: dict[str, int] = {}  # what it has done since it started, by kind


class WorkerSeen(msgspec.Struct, frozen=True):
    """A worker that registered, and its last sign of life. It may have died since."""

    note: WorkerNote
    beat: Beat


def beat_name(worker: str) -> str:
    """The name of a worker's `_local` document."""
    return f"worker-beat:{worker}"


def read_workers(registry: Database) -> list[WorkerSeen]:
    """All workers that are registered. Raises CouchError."""
    notes = [WorkerNote.from_json(doc) for doc in registry.documents(start="worker:", end="worker;")]
    return [WorkerSeen(note, _beat(registry, note.worker)) for note in notes]


def _beat(registry: Database, worker: str) -> Beat:
    try:
        return msgspec.convert(registry.local(beat_name(worker)) or {}, Beat)
    except msgspec.ValidationError:
        return Beat()
