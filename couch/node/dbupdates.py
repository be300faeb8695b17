"""The log behind `_db_updates`: which databases were created, changed, deleted.

It lives in memory. After a restart every database counts as created and changed again, and a sequence of an
earlier run starts from the beginning: followers may be told twice, never too little about what exists.
"""

import asyncio
import secrets
from dataclasses import dataclass

from couch.node.sequences import parse_sequence, sequence_text


@dataclass(frozen=True, slots=True)
class DatabaseEvent:
    """Attributes: `kind` is created, updated or deleted."""

    name: str
    kind: str
    seq: int


class DatabaseUpdates:
    """The newest event of each kind for each database, in order."""

    def __init__(self, names: list[str]) -> None:
        self._run = secrets.token_hex(16)
        self._events: dict[tuple[str, str], int] = {}
        self.seq = 0
        self._news = asyncio.Event()
        for name in names:
            self.record(name, "created")
            self.record(name, "updated")

    def record(self, name: str, kind: str) -> None:
        """Note an event, and wake followers."""
        self.seq += 1
        self._events.pop((name, kind), None)
        self._events[name, kind] = self.seq
        if kind == "created":
            self._events.pop((name, "deleted"), None)
        elif kind == "deleted":
            self._events.pop((name, "created"), None)
            self._events.pop((name, "updated"), None)
        news, self._news = self._news, asyncio.Event()
        news.set()

    def since(self, seq: int) -> list[DatabaseEvent]:
        """Events after `seq`, oldest first."""
        found: list[DatabaseEvent] = []
        for (name, kind), at in reversed(self._events.items()):
            if at <= seq:
                break
            found.append(DatabaseEvent(name, kind, at))
        found.reverse()
        return found

    async def news_after(self, seq: int, timeout_s: float) -> bool:
        """Wait for an event after `seq`; False when time is up."""
        if self.seq > seq:
            return True
        try:
            await asyncio.wait_for(self._news.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    def text(self, seq: int) -> str:
        """A sequence as clients see it."""
        return sequence_text(seq, self._run)

    def parse(self, text: str) -> int:
        """The sequence that a client sent.

        Raises:
            HttpError: 400 where it is none.
        """
        return parse_sequence(text, self._run, self.seq)
