"""The history of meters over weeks, months and years without reading every document.

A year of two meters is 70,000 documents. What a view says of whole UTC days is enough to see whether a
counter ran evenly and how many slots are stored; where a local day, month or year begins it says nothing, so
the documents of that slot are read, with those up to the next midnight UTC. Only days on which a counter fell
or leapt are read in full.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

from couch.client import Database
from couch.clock import SLOT
from couch.documents import Measurement
from webapp.participant.energy.counting import Point, follows
from webapp.participant.energy.day_amounts import DayRow, read_days
from webapp.participant.energy.documents import at_slots, first_from, from_slot_to, last_before
from webapp.participant.energy.history import NOTHING, Amount, MeterHistory, amount_of, points_of

_MOST_DAYS_IN_FULL = 12  # a counter that falls every day is broken, and its figures say so
_DAY = timedelta(days=1)


def read_histories(
    replica: Database, meters: Iterable[str], boundaries: Sequence[datetime], now: datetime
) -> dict[str, MeterHistory]:
    """The history of each meter for energies between any two of `boundaries` (UTC, rising)."""
    wanted = list(meters)
    rows: dict[str, list[DayRow]] = {meter: [] for meter in wanted}
    for row in read_days(replica, midnight_from(boundaries[0]).date(), midnight_from(boundaries[-1]).date()):
        if row.meter in rows:
            rows[row.meter].append(row)
    slots = [slot for boundary in boundaries if boundary <= now for slot in _edge(boundary)]
    edges: dict[str, list[Measurement]] = {meter: [] for meter in wanted}
    for one in at_slots(replica, ((meter, slot) for meter in wanted for slot in slots)):
        edges[one.meter].append(one)
    found = {}
    for meter in wanted:
        nearest = _Nearest(replica, meter, boundaries, now)
        found[meter] = _history(nearest, rows[meter], edges[meter])
    return found


def midnight_from(moment: datetime) -> datetime:
    """The midnight UTC at or after `moment`."""
    day = datetime.combine(moment.date(), time.min, UTC)
    return day if day == moment else day + _DAY


def _edge(boundary: datetime) -> list[datetime]:
    """The boundary's own slot and those up to the next midnight UTC."""
    slots = max((midnight_from(boundary) - boundary) // SLOT, 1)
    return [boundary + number * SLOT for number in range(slots)]


def _history(nearest: "_Nearest", rows: Sequence[DayRow], edges: Sequence[Measurement]) -> MeterHistory:
    amounts = _Amounts(rows, edges)
    before, after = nearest.to_boundaries({one.slot for one in edges}, amounts)
    read = {one.slot: one for one in (*edges, *before, *after)}
    points = _merged(_samples(rows, edges, before, after), points_of(read.values()))
    for day in _doubtful_days(points)[:_MOST_DAYS_IN_FULL]:
        others = {code: [p for p in these if p.at.date() != day] for code, these in points.items()}
        points = _merged(others, points_of(nearest.whole_day(day)))
    return MeterHistory(points, amounts.between)


def _samples(
    rows: Iterable[DayRow],
    edges: Iterable[Measurement],
    before: Iterable[Measurement],
    after: Iterable[Measurement],
) -> dict[str, list[Point]]:
    """The least and greatest values of days, where no document of the day is known to come before or after.

    The least value of a day that a boundary lies in may be of after the boundary: then an edge has it, too.
    """
    begun = {one.slot.date() for one in after}
    ended = {one.slot.date() for one in (*edges, *before)}
    lowest: dict[tuple[str, date], Decimal] = {}
    for code, points in points_of(edges).items():
        for point in points:
            key = (code, point.at.date())
            lowest[key] = min(point.wh, lowest.get(key, point.wh))
    found: dict[str, list[Point]] = {}
    for row in rows:
        if row.code is None:
            continue
        least, greatest = row.points()
        here = found.setdefault(row.code, [])
        edge = lowest.get((row.code, row.day))
        if row.day not in begun and (edge is None or least.wh < edge):
            here.append(least)
        if row.day not in ended:
            here.append(greatest)
    return found


class _Amounts:
    """Slots and powers between boundaries: whole UTC days, with the edges put in and taken out."""

    def __init__(self, rows: Iterable[DayRow], edges: Iterable[Measurement]) -> None:
        self._days: dict[date, Amount] = {}
        for row in rows:
            self._days[row.day] = self._days.get(row.day, NOTHING) + row.amount
        self._edges = [(one.slot, amount_of(one)) for one in edges]

    def between(self, start: datetime, end: datetime) -> Amount:
        first, after = midnight_from(start), midnight_from(end)
        whole = (each for day, each in self._days.items() if first.date() <= day < after.date())
        return sum(whole, NOTHING) + self._edge(start, first) - self._edge(end, after)

    def _edge(self, start: datetime, end: datetime) -> Amount:
        return sum((each for slot, each in self._edges if start <= slot < end), NOTHING)


@dataclass(frozen=True, slots=True)
class _Nearest:
    """Reads single documents of one meter."""

    replica: Database
    meter: str
    boundaries: Sequence[datetime]
    now: datetime

    def to_boundaries(
        self, known: set[datetime], amounts: _Amounts
    ) -> tuple[list[Measurement], list[Measurement]]:
        """Where a boundary's slot is not stored: the last measurement before it, the first one after it."""
        before, after = [], []
        for start, end in pairwise(self.boundaries):
            if start > self.now or not amounts.between(start, end).slots:
                continue
            if end not in known:
                before.append(last_before(self.replica, self.meter, start, end))
            if known.isdisjoint(_edge(start)):
                after.append(first_from(self.replica, self.meter, start, end))
        return [one for one in before if one is not None], [one for one in after if one is not None]

    def whole_day(self, day: date) -> Iterator[Measurement]:
        """Everything of a day in UTC."""
        start = datetime.combine(day, time.min, UTC)
        return from_slot_to(self.replica, self.meter, start, start + _DAY - SLOT)


def _merged(
    one: Mapping[str, Sequence[Point]], other: Mapping[str, Sequence[Point]]
) -> dict[str, list[Point]]:
    return {
        code: sorted([*one.get(code, ()), *other.get(code, ())], key=lambda point: (point.at, point.wh))
        for code in (one.keys() | other.keys())
    }


def _doubtful_days(points: Mapping[str, Sequence[Point]]) -> list[date]:
    """UTC days of which not all is known, and on which a counter did not run evenly."""
    return sorted(
        {
            point.at.date()
            for these in points.values()
            for earlier, later in pairwise(these)
            if not follows(earlier, later) and not _neighbours(earlier, later)
            for point in (earlier, later)
        }
    )


def _neighbours(earlier: Point, later: Point) -> bool:
    return not earlier.sampled and not later.sampled and later.at - earlier.at == SLOT
