"""The replications' own checkpoints in a household's database (design section 11.8): hints, no proof.

`_local` documents bypass every rule, and no device is named in them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from couch.client import Database
from couch.documents import Json
from couch.errors import NotFound


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The last session of a replication; `ended_at` is real time, by the clock of whoever replicated."""

    replication: str
    ended_at: datetime
    read: int
    written: int
    failures: int


def read_checkpoints(database: Database) -> list[Checkpoint]:
    """Those of a household's database, the newest first; none where it is not there. Raises CouchError."""
    try:
        return checkpoints(database.local_documents())
    except NotFound:
        return []


def checkpoints(docs: Iterable[Json]) -> list[Checkpoint]:
    """Pure. What is no checkpoint is left out."""
    found = [checkpoint for doc in docs if (checkpoint := _checkpoint(doc)) is not None]
    return sorted(found, key=lambda one: one.ended_at, reverse=True)


def _checkpoint(doc: Json) -> Checkpoint | None:
    history = doc.get("history")
    if not isinstance(history, list) or not history or not isinstance(history[0], dict):
        return None
    last = history[0]
    try:
        ended = parsedate_to_datetime(str(last["end_time"]))
    except (KeyError, ValueError):
        return None
    return Checkpoint(
        replication=str(doc.get("_id", "")).removeprefix("_local/"),
        ended_at=ended.replace(tzinfo=UTC) if ended.tzinfo is None else ended.astimezone(UTC),
        read=_count(last, "docs_read"),
        written=_count(last, "docs_written"),
        failures=_count(last, "doc_write_failures"),
    )


def _count(session: dict[str, Any], name: str) -> int:
    value = session.get(name)
    return value if isinstance(value, int) else 0
