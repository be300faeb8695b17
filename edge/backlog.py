"""How many documents of this device the centre was not yet shown to hold.

Counted from the sequence that the last full push had passed, kept in `_local/transmission`; each change is
looked at once, so counting costs little however long the device is offline.
"""

import msgspec

from couch.database import Database

_LOCAL = "transmission"
_OWN = ("measurement:", "gap:", "consent:", "report:", "answer:")


class _Pushed(msgspec.Struct, frozen=True):
    through: str = "0"


class Backlog:
    """Used by one thread; every method raises CouchError."""

    def __init__(self, replica: Database) -> None:
        self._replica = replica
        self._through: str | None = None  # counted up to this sequence; None: not begun
        self._count = 0

    def mark(self) -> str:
        """The replica's present sequence: what a push that starts now will have passed."""
        return self._replica.changes("now", limit=1, include_docs=False).last_seq

    def pushed(self, mark: str) -> None:
        """A push of everything came through; it had passed at least `mark`."""
        self._replica.put_local(_LOCAL, msgspec.to_builtins(_Pushed(mark)))
        self._through, self._count = mark, 0

    def count(self) -> int:
        """The number now; a document changed twice since the last push counts twice."""
        if self._through is None:
            stored = self._replica.local(_LOCAL)
            self._through = msgspec.convert(stored or {}, _Pushed).through
        while True:
            batch = self._replica.changes(self._through, include_docs=False)
            self._count += sum(change.id.startswith(_OWN) for change in batch.changes)
            self._through = batch.last_seq
            if not batch.changes or batch.pending == 0:
                return self._count
