"""How complete the last days are of each household: a cache that a thread of its own refreshes.

No page waits for it. What a day holds is one range of the view `slots_by_day_household`, so ten thousand
households are ten thousand rows a day; whole days (UTC) only, since nobody can say what is due of a day that
goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from couch.client import Server
from couch.clock import SLOT
from couch.documents import HouseholdSummary
from couch.research_figures import slots_of_day

DAYS = 7


@dataclass(frozen=True, slots=True)
class RecentSlots:
    """Stored slots by pseudonym in the `DAYS` whole UTC days before `end`, all meters together."""

    end: datetime
    slots: Mapping[str, int] = field(default_factory=dict)
    # Shares that were asked for, by household, each with the summary that it is of: sorting asks for all.
    shares: dict[str, tuple[HouseholdSummary, float | None]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def start(self) -> datetime:
        return self.end - timedelta(days=DAYS)


def due(household: HouseholdSummary, start: datetime, end: datetime) -> int:
    """How many slots should be stored of [start, end): from the grant to a revocation, of every meter."""
    if household.granted_at is None:
        return 0
    first = max(start, household.granted_at)
    last = min(end, household.revoked_at or end)
    return max(int((last - first) / SLOT), 0) * household.meters


def share(household: HouseholdSummary, recent: RecentSlots | None) -> float | None:
    """Stored of due slots; None where none was due, or nothing is known yet."""
    if recent is None:
        return None
    known = recent.shares.get(household.household)
    if known is None or known[0] is not household:
        wanted = due(household, recent.start, recent.end)
        found = min(recent.slots.get(household.pseudonym, 0) / wanted, 1.0) if wanted else None
        known = recent.shares[household.household] = (household, found)
    return known[1]


def read_recent(server: Server, now: datetime) -> RecentSlots:
    """What stands in research at `now`. Raises CouchError."""
    today = now.astimezone(UTC).date()
    slots: dict[str, int] = {}
    for number in range(1, DAYS + 1):
        for pseudonym, count in slots_of_day(server, today - timedelta(days=number)):
            slots[pseudonym] = slots.get(pseudonym, 0) + count
    return RecentSlots(datetime(today.year, today.month, today.day, tzinfo=UTC), slots)
