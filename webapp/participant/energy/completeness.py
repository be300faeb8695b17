"""How much of a period was measured, and why the rest is missing: slots due, stored, and gap documents."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from couch.client import Database
from couch.clock import SLOT, from_rfc3339, slot_of
from couch.documents import GRANTED_ID, REVOKED_ID, Consent, stamp
from couch.errors import BadDocument

_DESIGN, _GAPS = "page", "gaps_by_meter_slot"
MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Missing:
    """A run of missing slots from `start` up to but without `end`; what `cause` may be: `couch.Cause`."""

    start: datetime
    end: datetime
    cause: str

    @property
    def slots(self) -> int:
        return (self.end - self.start) // SLOT


@dataclass(frozen=True, slots=True)
class Completeness:
    """Slots of a meter in a period.

    `due`: the device should have stored so many; `causes`: how many are missing why, most first;
    `unexplained`: missing without a gap document (a run that lasts still gets one when it ends);
    `gaps`: the latest runs, newest first, of `gap_count`.
    """

    stored: int
    due: int
    causes: tuple[tuple[str, int], ...] = ()
    unexplained: int = 0
    gaps: tuple[Missing, ...] = ()
    gap_count: int = 0

    @property
    def missing(self) -> int:
        return max(self.due - self.stored, 0)

    @property
    def complete(self) -> bool:
        return self.missing == 0


@dataclass(frozen=True, slots=True)
class Due:
    """From when until when a meter's slots are due."""

    start: datetime
    end: datetime

    def within(self, start: datetime, end: datetime) -> int:
        """How many slots of a stretch."""
        return max((min(end, self.end) - max(start, self.start)) // SLOT, 0)


def due_slots(
    *,
    granted_at: datetime | None,
    revoked_at: datetime | None,
    known_from: datetime | None,
    last_stored: datetime | None,
    now: datetime,
) -> Due | None:
    """Slots that began under the grant and have ended by now; the present one once it is stored.

    `known_from`: the first slot that is stored or in a gap document: what was before has been pruned, or the
    meter was not there yet. None: nothing is due.
    """
    if granted_at is None:
        return None
    start = _slot_from(granted_at)
    if known_from is not None:
        start = max(start, known_from)
    end = slot_of(now)
    if last_stored is not None:
        end = max(end, last_stored + SLOT)
    if revoked_at is not None:
        end = min(end, _slot_from(revoked_at))
    return Due(start, end) if start < end else None


@dataclass(frozen=True, slots=True)
class ConsentTimes:
    """When consent was granted and revoked; None: it was not."""

    granted_at: datetime | None
    revoked_at: datetime | None


def read_consent_times(replica: Database) -> ConsentTimes:
    """In one request; a document that cannot be read counts as none."""
    found = {}
    for doc in replica.documents(keys=[GRANTED_ID, REVOKED_ID]):
        try:
            found[doc["_id"]] = Consent.from_json(doc).at
        except BadDocument:
            continue
    return ConsentTimes(found.get(GRANTED_ID), found.get(REVOKED_ID))


def read_completeness(
    replica: Database, meter: str, due: Due | None, start: datetime, end: datetime, *, stored: int
) -> Completeness:
    """Of one meter in a stretch of time; gap documents are read only where something is missing."""
    if due is None or due.within(start, end) <= stored:
        return completeness(due, start, end, stored, ())
    return completeness(due, start, end, stored, read_missing(replica, meter, start, min(end, due.end)))


def read_missing(replica: Database, meter: str, start: datetime, end: datetime) -> Iterator[Missing]:
    """The gap documents of a meter that reach into a stretch, cut to it, oldest first; no slot is in two."""
    before = replica.view(
        _DESIGN, _GAPS, descending=True, start_key=[meter, stamp(start)], end_key=[meter], limit=1
    )
    within = replica.view(_DESIGN, _GAPS, start_key=[meter, stamp(start)], end_key=[meter, stamp(end - SLOT)])
    reached = start
    for row in (*before, *within):
        gap = Missing(
            max(from_rfc3339(row.key[1]), reached),
            min(from_rfc3339(row.value["to_slot"]) + SLOT, end),
            row.value["cause"],
        )
        if gap.slots > 0:
            yield gap
            reached = gap.end


def first_missing(replica: Database, meter: str) -> datetime | None:
    """The first slot of the meter's first gap document."""
    rows = replica.view(_DESIGN, _GAPS, start_key=[meter], end_key=[meter, {}], limit=1)
    return next((from_rfc3339(row.key[1]) for row in list(rows)), None)


def completeness(
    due: Due | None, start: datetime, end: datetime, stored: int, gaps: Iterable[Missing]
) -> Completeness:
    """Of one meter in a stretch of time."""
    if due is None:
        return Completeness(stored, 0)
    number = max(due.within(start, end), stored)
    runs: Sequence[Missing] = [gap for gap in gaps if due.within(gap.start, gap.end)]
    causes: Counter[str] = Counter()
    for gap in runs:
        causes[gap.cause] += due.within(gap.start, gap.end)
    unexplained = max(number - stored - sum(causes.values()), 0)
    latest = tuple(reversed(runs[-MOST_SHOWN:]))
    return Completeness(stored, number, tuple(causes.most_common()), unexplained, latest, len(runs))


def _slot_from(moment: datetime) -> datetime:
    slot = slot_of(moment)
    return slot if slot == moment else slot + SLOT
