"""Energy from a counter: what it says at the end less what it says at the beginning.

A counter is a running total. It may fall (the meter was exchanged, a reading was damaged) or leap further
than any house connection carries; what lies across such a place is left out, and the result says so.
Everything is exact, in Wh.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

LARGEST_CONNECTION_W = 250_000  # as in the device's own doubts about a reading
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Point:
    """A counter's value at a moment; `step`: what it counts in. Both in Wh.

    `sampled`: the least or greatest of a UTC day; `at` is the day's beginning, the moment lies within it.
    """

    at: datetime
    wh: Decimal
    step: Decimal = Decimal(0)
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """Energy between two moments.

    `first` and `last`: the readings that it lies between. `broken`: the counter fell or leapt, and what was
    counted there is left out. `estimated`: worked out from powers, since there is no counter.
    `step`: what the counter counts in, Wh.
    """

    wh: Decimal
    first: datetime
    last: datetime
    broken: bool = False
    estimated: bool = False
    step: Decimal = Decimal(0)

    def covers(self, start: datetime, end: datetime) -> bool:
        """Whether it was read at both ends, so that nothing is missing."""
        return self.first <= start and self.last >= end


def count(points: Sequence[Point]) -> Counted | None:
    """The energy from the first to the last of `points`, in the order of time. None: there are no two."""
    if len(points) < 2:
        return None
    kept, wh, broken = [points[0]], Decimal(0), False
    for number, point in enumerate(points[1:], start=1):
        if follows(kept[-1], point):
            wh += point.wh - kept[-1].wh
            kept.append(point)
        elif len(kept) > 1 and follows(kept[-2], point):  # the one between was damaged
            wh += point.wh - kept[-1].wh
            kept[-1] = point
            broken = True
        elif number + 1 < len(points) and follows(kept[-1], points[number + 1]):  # this one is damaged
            broken = True
        else:  # another meter, or it began anew
            kept, broken = [point], True
    step = max(point.step for point in points)
    return Counted(wh, points[0].at, points[-1].at, broken, step=step)


def follows(earlier: Point, later: Point) -> bool:
    """Whether a counter can have come from the one to the other."""
    return earlier.wh <= later.wh <= earlier.wh + _most(earlier, later)


def added(parts: Iterable[Counted | None]) -> Counted | None:
    """Several counters as one, the tariffs of a direction or the meters of a household; None: not all known.

    It covers what all of them cover.
    """
    known = list(parts)
    if not known or any(part is None for part in known):
        return None
    these = [part for part in known if part is not None]
    return Counted(
        sum((part.wh for part in these), Decimal(0)),
        max(part.first for part in these),
        min(part.last for part in these),
        any(part.broken for part in these),
        any(part.estimated for part in these),
        sum((part.step for part in these), Decimal(0)),
    )


def _most(earlier: Point, later: Point) -> Decimal:
    """What can have been counted in between, Wh."""
    span = later.at - earlier.at + (_A_DAY if earlier.sampled or later.sampled else timedelta(0))
    return LARGEST_CONNECTION_W * Decimal(span // timedelta(seconds=1)) / 3600 + max(earlier.step, later.step)
