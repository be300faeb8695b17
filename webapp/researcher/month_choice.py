"""The months that a chart offers, and the one that its address names. Pure."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from couch.documents import HouseholdSummary

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_DAY = timedelta(days=1)


def months_since(households: Iterable[HouseholdSummary], now: datetime) -> tuple[date, ...]:
    """From the month of `now` back to that of the first grant, as their first days."""
    first = min((one.granted_at for one in households if one.granted_at is not None), default=now)
    found: list[date] = []
    month = now.date().replace(day=1)
    while month >= first.date().replace(day=1) or not found:
        found.append(month)
        month = (month - _DAY).replace(day=1)
    return tuple(found)


def month_named(text: str | None, now: datetime) -> date:
    """The month `2026-11`; that of `now` where the text names none, or one to come."""
    named = _MONTH.fullmatch(text or "")
    this = now.date().replace(day=1)
    if named is None or int(named[1]) < 1970:
        return this
    return min(date(int(named[1]), int(named[2]), 1), this)


def month_range(month: date) -> tuple[datetime, datetime]:
    """The month as a half-open range of UTC moments."""
    start = datetime(month.year, month.month, 1, tzinfo=UTC)
    return start, (start + timedelta(days=31)).replace(day=1)


def days_of(month: date) -> tuple[date, ...]:
    """Every day of the month."""
    start, end = month_range(month)
    return tuple(month + number * _DAY for number in range((end - start).days))
