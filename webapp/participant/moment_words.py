"""Moments of the last days as people say them: `today, 14:05`, `Tuesday, 14:05`, `12 Nov 2026, 14:05`."""

from datetime import datetime, timedelta, tzinfo

from webapp.dates import clock, day, weekday
from webapp.translation import gettext

_NAMED_DAYS = 6  # further back a weekday would be ambiguous


def when(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """The moment on the clocks of `zone`, in the reader's language."""
    there, here = moment.astimezone(zone), now.astimezone(zone)
    days = (here.date() - there.date()) // timedelta(days=1)
    at = clock(moment, zone)
    if days == 0:
        return gettext("today, %(clock)s", clock=at)
    if days == 1:
        return gettext("yesterday, %(clock)s", clock=at)
    if 1 < days <= _NAMED_DAYS:
        return gettext("%(day)s, %(clock)s", day=weekday(there), clock=at)
    return gettext("%(day)s, %(clock)s", day=day(there), clock=at)
