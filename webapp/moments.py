"""Moments and spans as people read them; documents keep UTC."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask
from markupsafe import Markup

from couch.clock import Clock, to_rfc3339
from couch.errors import Fault
from webapp.dates import day, local, month
from webapp.translation import gettext, ngettext

_USUAL_ZONE = "Europe/Berlin"  # where the survey takes place


def install(app: Flask, now: Clock, zone: tzinfo) -> None:
    """Give templates the filters `moment` and `local` (date and time), `day` and `month` (parts of it, in
    `zone`), and `ago` (how long since).
    """

    def moment(value: datetime) -> Markup:
        return Markup('<time datetime="{}">{}</time>').format(to_rfc3339(value), local(value, zone))

    def since(value: datetime) -> Markup:
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            to_rfc3339(value), local(value, zone), ago(value, now.now())
        )

    def there(value: date) -> date:
        return value.astimezone(zone) if isinstance(value, datetime) else value

    app.add_template_filter(moment, "moment")
    app.add_template_filter(since, "ago")
    app.add_template_filter(lambda value: local(value, zone), "local")
    app.add_template_filter(lambda value: day(there(value)), "day")
    app.add_template_filter(lambda value: month(there(value)), "month")


def zone_named(name: str | None) -> tzinfo:
    """The time zone `name`; None: Germany's, or UTC where the machine knows no time zones.

    Raises Fault for an unknown name.
    """
    try:
        return ZoneInfo(name or _USUAL_ZONE)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if name is None:
            return UTC
        raise Fault(
            f'timezone is "{name}", which this machine does not know: take a name such as "Europe/Berlin" '
            "(install the package tzdata if it lacks them) or leave it out"
        ) from None


def ago(value: datetime, now: datetime) -> str:
    """How long ago `value` was, in the reader's language and the largest unit, cut: `3 hours ago`."""
    passed = now - value
    if passed < timedelta(0):
        return gettext("in the future") if passed < timedelta(minutes=-2) else gettext("just now")
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return gettext("just now")
    if minutes < 60:
        return ngettext("%(n)s minute ago", "%(n)s minutes ago", minutes)
    if minutes < 48 * 60:
        return ngettext("%(n)s hour ago", "%(n)s hours ago", minutes // 60)
    return ngettext("%(n)s day ago", "%(n)s days ago", minutes // (24 * 60))


def span(length: timedelta) -> str:
    """A length in its largest unit, cut: `3 hours`."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes)
    if minutes < 48 * 60:
        return ngettext("%(n)s hour", "%(n)s hours", minutes // 60)
    return ngettext("%(n)s day", "%(n)s days", minutes // (24 * 60))
