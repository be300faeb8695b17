"""How many documents of this device the centre was not yet shown to hold.

Counted from the sequence that the last full push had passed, kept in `_local/transmission`; each change is
looked at once, so counting costs little however long the device is offline. Beside it stands how many
measurements up to there the centre lacks all the same, since it refused them.
"""

import msgspec

from couch.database import Database

_LOCAL = "transmission"
_MEASUREMENT = "measurement:"
_OWN = (_MEASUREMENT, "gap:", "consent:", "report:", "answer:")


class _Pushed(msgspec.Struct, frozen=True):
    through: str = "0"
    lacking: int = 0  # measurements up to there that the centre does not hold


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
        self._keep(_Pushed(mark, self._kept().lacking))
        self._through, self._count = mark, 0

    def compared(self, mark: str, lacking: int) -> None:
        """Of the measurements up to `mark`, taken before the comparison, the centre lacks so many."""
        self._keep(_Pushed(mark, lacking))

    def unsent(self) -> int:
        """How many measurements the centre was never shown to hold."""
        kept, counted = self._kept(), 0
        through = kept.through
        while True:
            batch = self._replica.changes(through, include_docs=False)
            counted += sum(
                change.id.startswith(_MEASUREMENT) and not change.deleted for change in batch.changes
            )
            through = batch.last_seq
            if not batch.changes or batch.pending == 0:
                return kept.lacking + counted

    def count(self) -> int:
        """The number now; a document changed twice since the last push counts twice."""
        if self._through is None:
            self._through = self._kept().through
        while True:
            batch = self._replica.changes(self._through, include_docs=False)
            self._count += sum(change.id.startswith(_OWN) for change in batch.changes)
            self._through = batch.last_seq
            if not batch.changes or batch.pending == 0:
                return self._count

    def _kept(self) -> _Pushed:
        return msgspec.convert(self._replica.local(_LOCAL) or {}, _Pushed)

    def _keep(self, pushed: _Pushed) -> None:
        self._replica.put_local(_LOCAL, msgspec.to_builtins(pushed))
