"""Days, weeks, months and years of the household's time zone, as stretches of UTC.

A local day has 23, 24 or 25 hours. Nothing here reads a clock.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, get_args

from couch.clock import SLOT

Span = Literal["day", "week", "month", "year"]
SPANS: tuple[Span, ...] = get_args(Span)

FIRST_YEAR, LAST_YEAR = 2000, 2199  # beyond them there is nothing to look up
_FORMS: dict[Span, str] = {
    "day": r"(\d{4})-(\d\d)-(\d\d)",
    "week": r"(\d{4})-W(\d\d)",
    "month": r"(\d{4})-(\d\d)",
    "year": r"(\d{4})",
}


@dataclass(frozen=True, slots=True)
class Period:
    """A span of days, from `first` up to but without `after`."""

    span: Span
    first: date
    after: date

    @property
    def name(self) -> str:
        """As it stands in addresses: `2026-11-25`, `2026-W48`, `2026-11`, `2026`."""
        if self.span == "week":
            year, week, _ = self.first.isocalendar()
            return f"{year}-W{week:02}"
        return self.first.isoformat()[: {"day": 10, "month": 7, "year": 4}[self.span]]

    @property
    def previous(self) -> "Period":
        return period_of(self.span, self.first - timedelta(days=1))

    @property
    def next(self) -> "Period":
        return period_of(self.span, self.after)

    @property
    def parts(self) -> tuple["Period", ...]:
        """What its bars stand for: the months of a year, else the days; a day is its own part."""
        span: Span = "month" if self.span == "year" else "day"
        found, at = [], self.first
        while at < self.after:
            found.append(period_of(span, at))
            at = found[-1].after
        return tuple(found)

    def start(self, zone: tzinfo) -> datetime:
        return midnight(self.first, zone)

    def end(self, zone: tzinfo) -> datetime:
        return midnight(self.after, zone)

    @property
    def can_be_opened(self) -> bool:
        return FIRST_YEAR <= self.first.year <= LAST_YEAR


def midnight(day: date, zone: tzinfo) -> datetime:
    """When the local day begins, UTC; where clocks leap over midnight, the moment of the leap."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def period_of(span: Span, day: date) -> Period:
    """The day, week (from Monday), month or year that `day` lies in."""
    if span == "day":
        return Period(span, day, day + timedelta(days=1))
    if span == "week":
        first = day - timedelta(days=day.weekday())
        return Period(span, first, first + timedelta(days=7))
    if span == "month":
        first = day.replace(day=1)
        return Period(span, first, (first + timedelta(days=31)).replace(day=1))
    return Period(span, date(day.year, 1, 1), date(day.year + 1, 1, 1))


def period_named(span: Span, name: str) -> Period | None:
    """The inverse of `Period.name`; None where there is no such day, week, month or year."""
    matched = re.fullmatch(_FORMS[span], name, re.ASCII)
    if matched is None:
        return None
    numbers = [int(group) for group in matched.groups()]
    try:
        if span == "week":
            found = period_of(span, date.fromisocalendar(numbers[0], numbers[1], 1))
        else:
            found = period_of(span, date(*[*numbers, 1, 1][:3]))
    except (ValueError, OverflowError):
        return None
    return found if found.can_be_opened and found.name == name else None


def slots_between(start: datetime, end: datetime) -> tuple[datetime, ...]:
    """The slots of a stretch: 96 of most days, 92 and 100 where the clocks change."""
    return tuple(start + number * SLOT for number in range((end - start) // SLOT))
