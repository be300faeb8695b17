"""Consent over time: how many households had granted and revoked by each day. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

from couch.documents import HouseholdSummary

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ConsentDay:
    """The end of a day (or of the month that begins with it): what came in it and the sums by then."""

    day: date
    granted: int
    revoked: int
    granted_by_then: int
    revoked_by_then: int

    @property
    def in_force(self) -> int:
        return self.granted_by_then - self.revoked_by_then


@lru_cache(maxsize=32_768)
def _day_of(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()


def consent_days(households: Iterable[HouseholdSummary], zone: tzinfo, today: date) -> tuple[ConsentDay, ...]:
    """Every day from the first grant to today; days are those of `zone`.

    A revocation counts where there was a grant; one without a grant ended nothing.
    """
    granted: Counter[date] = Counter()
    revoked: Counter[date] = Counter()
    for one in households:
        if one.granted_at is None:
            continue
        granted[_day_of(one.granted_at, zone)] += 1
        if one.revoked_at is not None:
            # Clocks of two devices: a revocation is not counted before its grant.
            revoked[_day_of(max(one.revoked_at, one.granted_at), zone)] += 1
    if not granted:
        return ()
    found, day, sums = [], min(granted), [0, 0]
    while day <= max(today, *granted, *revoked):
        sums[0] += granted[day]
        sums[1] += revoked[day]
        found.append(ConsentDay(day, granted[day], revoked[day], sums[0], sums[1]))
        day += _DAY
    return tuple(found)


def changes(days: Iterable[ConsentDay]) -> tuple[ConsentDay, ...]:
    """Only the days on which something came."""
    return tuple(one for one in days if one.granted or one.revoked)


def by_month(days: Iterable[ConsentDay]) -> tuple[ConsentDay, ...]:
    """The months, each named by its first day."""
    months: dict[date, ConsentDay] = {}
    for one in days:
        month = one.day.replace(day=1)
        before = months.get(month)
        months[month] = ConsentDay(
            month,
            one.granted + (before.granted if before else 0),
            one.revoked + (before.revoked if before else 0),
            one.granted_by_then,
            one.revoked_by_then,
        )
    return tuple(months.values())
