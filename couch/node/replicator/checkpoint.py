"""Checkpoints: how far a replication has come, in `_local/<replication id>` on both sides.

The form is CouchDB's (couch_replicator_scheduler_job.erl of 3.5.0, replication_id_version 4). A checkpoint
counts only where both sides know its session, so that a database which was replaced or restored from an older
copy is read again from where both still agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from couch.documents.fields import Json
from couch.node.replicator.tally import Tally

VERSION = 4
HISTORY_LIMIT = 50
LOWEST_SEQ = 0


@dataclass(frozen=True, slots=True)
class Ancestor:
    """The newest session that both sides recorded.

    Attributes: `seq` the source's sequence to go on from; `history` the entries that stay, newest first.
    """

    seq: Any
    history: tuple[Json, ...]

    @property
    def tally(self) -> Tally:
        """What was counted up to here."""
        return Tally.from_history(self.history[0]) if self.history else Tally()


@dataclass(frozen=True, slots=True)
class Session:
    """One run of a replication: `id` random, `start` aware, `start_seq` where it began to read."""

    id: str
    start: datetime
    start_seq: Any


def common_ancestor(source: Json | None, target: Json | None) -> Ancestor:
    """Where to go on, given both sides' checkpoint documents (None where there is none)."""
    source, target = source or {}, target or {}
    if source.get("session_id") == target.get("session_id"):
        return Ancestor(source.get("source_last_seq", LOWEST_SEQ), tuple(_history(source)))
    ours, theirs = _history(source), _history(target)
    # Newest first on both sides; an entry of either that the other knows ends the search. CouchDB leaves that
    # entry out of the history that goes on, and its counts with it; here they stay.
    while ours and theirs:
        if _knows(theirs, ours[0]):
            return Ancestor(ours[0].get("recorded_seq", LOWEST_SEQ), tuple(ours))
        if _knows(ours[1:], theirs[0]):
            return Ancestor(theirs[0].get("recorded_seq", LOWEST_SEQ), tuple(theirs))
        ours, theirs = ours[1:], theirs[1:]
    return Ancestor(LOWEST_SEQ, ())


def checkpoint(
    session: Session, seq: Any, tally: Tally, end: datetime, history: Sequence[Json], *, by_doc_ids: bool
) -> Json:
    """The body of the checkpoint that says: everything up to `seq` is on the target.

    `history` are the entries of earlier sessions, newest first. A replication by document ids repeats a few
    counts on top, as CouchDB's answers to it do.
    """
    start_time, end_time = format_datetime(session.start, usegmt=True), format_datetime(end, usegmt=True)
    entry = {
        "session_id": session.id,
        "start_time": start_time,
        "end_time": end_time,
        "start_last_seq": session.start_seq,
        "end_last_seq": seq,
        "recorded_seq": seq,
        **tally.to_history(),
    }
    body: Json = {"session_id": session.id, "source_last_seq": seq, "replication_id_version": VERSION}
    if by_doc_ids:
        repeated = ("start_time", "end_time", "docs_read", "docs_written", "doc_write_failures")
        body |= {name: entry[name] for name in repeated}
    return body | {"history": [entry, *history][:HISTORY_LIMIT]}


def _history(log: Json) -> list[Json]:
    """The entries of a checkpoint; a document that is no checkpoint has none."""
    history = log.get("history", [])
    return [entry for entry in history if isinstance(entry, dict)] if isinstance(history, list) else []


def _knows(history: Sequence[Json], entry: Json) -> bool:
    session = entry.get("session_id")
    return session is not None and any(known.get("session_id") == session for known in history)
