"""How many documents of this device the centre was not yet shown to hold.

Counted from the sequence that the last full push had passed, kept in `_local/transmission`; each change is
looked at once, so counting costs little however long the device is offline. Beside it stands how many
measurements up to there the centre lacks all the same, since it refused them.
"""

from msgspec.structs import replace

from couch.database import Database
from couch.transmission_note import read_note, write_note

_MEASUREMENT = "measurement:"
_OWN = (_MEASUREMENT, "gap:", "consent:", "report:", "answer:")


class Backlog:
    """Used by one thread; every method raises CouchError."""

    def __init__(self, replica: Database) -> None:
        self._replica = replica
        self._through: str | None = None  # counted up to this sequence; None: not begun
        self._count = 0

    def mark(self) -> str:
        """The replica's present sequence: what a push that starts now will have passed."""
        return self._replica.changes("now", limit=1, include_docs=False).last_seq

    def decided(self, mark: str) -> None:
        """A push of consents, reports and answers alone came through; it had passed at least `mark`."""
        write_note(self._replica, replace(read_note(self._replica), decided=mark))

    def pushed(self, mark: str) -> None:
        """A push of everything came through; it had passed at least `mark`."""
        write_note(self._replica, replace(read_note(self._replica), through=mark, decided=mark))
        self._through, self._count = mark, 0

    def compared(self, mark: str, lacking: int) -> None:
        """Of the measurements up to `mark`, taken before the comparison, the centre lacks so many."""
        write_note(self._replica, replace(read_note(self._replica), through=mark, lacking=lacking))

    def unsent(self) -> int:
        """How many measurements the centre was never shown to hold."""
        kept, counted = read_note(self._replica), 0
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
            self._through = read_note(self._replica).through
        while True:
            batch = self._replica.changes(self._through, include_docs=False)
            self._count += sum(change.id.startswith(_OWN) for change in batch.changes)
            self._through = batch.last_seq
            if not batch.changes or batch.pending == 0:
                return self._count
