"""What the measurements' pages say in words: causes of gaps, reasons, names of meters, days and months."""

from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from webapp.dates import clock, day, local, long_day, month, weekday
from webapp.numbers import NOTHING, percent
from webapp.participant import meter_names
from webapp.participant.energy.counting import Counted
from webapp.participant.energy.figures import MeterFigures, Part
from webapp.participant.energy.meters import KnownMeter
from webapp.participant.energy.periods import Period
from webapp.translation import gettext, language, marked, ngettext

CAUSES = {
    "meter_silent": marked("The meter sent nothing."),
    "head_unplugged": marked("The reading head was not connected to the device."),
    "checksum": marked("What the meter sent arrived damaged."),
    "locked": marked("The meter is locked and did not tell its values."),
    "no_consent": marked("There was no consent, so nothing was measured."),
    "device_off": marked("The device was switched off."),
    "clock_unknown": marked("The device did not know the time."),
    "storage": marked("The device could not store the measurement."),
    "to_come": marked("The cause is noted as soon as the gap has ended."),
}
UNKNOWN_CAUSE = marked("No cause was noted.")

DOUBTS = {
    "counter_fell": marked("Doubt: a counter was lower than before."),
    "counter_jumped": marked("Doubt: a counter leapt further than a house connection can carry."),
    "power_sign": marked("Doubt: the direction of the power does not agree with the counters."),
}
OTHER_DOUBT = marked("The device doubts this measurement.")

REASONS = {
    "no_electricity_meter": marked(
        "Own use cannot be told, because this device reads no electricity meter: what was fed into the grid "
        "is not known."
    ),
    "no_generation_meter": marked(
        "Own use and self-sufficiency cannot be told, because this device reads no generation meter: what "
        "was generated is not known."
    ),
    "read_elsewhere": marked(
        "Own use and self-sufficiency cannot be told here, because another device reads one of your meters."
    ),
    "feeding_not_counted": marked(
        "Own use cannot be told, because the electricity meter does not count what is fed into the grid."
    ),
    "not_measured": marked(
        "Own use cannot be told, because not every meter was measured at least twice in this time."
    ),
    "apart": marked(
        "Own use cannot be told, because the meters were not measured over the same time: one of them has a "
        "gap at the beginning or at the end."
    ),
    "contradiction": marked(
        "Own use cannot be told, because more was fed into the grid than was generated: a battery or another "
        "system may feed in as well."
    ),
}

_WEEKDAY_LETTERS = {"en": 3, "de": 2}  # Mon, Mo
SPAN_WORDS = {
    "day": marked("Day"),
    "week": marked("Week"),
    "month": marked("Month"),
    "year": marked("Year"),
}


def cause(name: str) -> str:
    """Why slots are missing; `to_come`: it is not noted yet, but will be."""
    return gettext(CAUSES.get(name, UNKNOWN_CAUSE))


def doubt(mark: str) -> str:
    """What the device doubts about a measurement."""
    return gettext(DOUBTS.get(mark, OTHER_DOUBT))


def quarters(slots: int) -> str:
    """How long that many slots are."""
    return ngettext("%(n)s quarter of an hour", "%(n)s quarters of an hour", slots)


def share(stored: int, due: int) -> str:
    """A share in percent that says 100 only where nothing is missing."""
    if not due:
        return NOTHING
    if stored >= due:
        return percent(1)
    return percent(min(stored / due, 0.999), 1 if stored / due > 0.99 else 0)


def counted_over(one: MeterFigures, start: datetime, end: datetime, zone: tzinfo) -> str:
    """Over which time a meter's energy was counted."""
    known = [each for each in (one.drawn, one.fed, one.generated) if each is not None]
    if not known:
        return gettext("not known")
    return measured_over(known[0], start, end, zone) or gettext("over the whole time")


def reason(why: str) -> str:
    """Why own use cannot be told."""
    return gettext(REASONS[why])


def meter_name(known: KnownMeter) -> str:
    """By kind and model, with a number where there are several."""
    return meter_names.meter_name(known.about, known.number)


def title(period: Period) -> str:
    """`Wednesday, 25 November 2026`, `Week 48 of 2026`, `November 2026`, `2026`."""
    if period.span == "day":
        return long_day(period.first)
    if period.span == "week":
        year, week, _ = period.first.isocalendar()
        return gettext("Week %(week)s of %(year)s", week=week, year=year)
    return month(period.first) if period.span == "month" else str(period.first.year)


def part_name(part: Period, within: Period) -> str:
    """A bar's name: `Wed 25`, `25`, `Nov`."""
    if within.span == "year":
        return month(part.first)[:3]
    if within.span == "week":
        return f"{weekday(part.first)[: _WEEKDAY_LETTERS[language()]]} {part.first.day}"
    return str(part.first.day)


def part_title(part: Period) -> str:
    """As it stands in a table: `Wed 25 Nov 2026`, `November 2026`."""
    return month(part.first) if part.span == "month" else f"{weekday(part.first)}, {day(part.first)}"


def slot_name(slot: datetime, zone: tzinfo) -> str:
    """`14:15`; in the hour that the clocks show twice, which of them."""
    there = slot.astimezone(zone)
    shown = clock(slot, zone)
    if there.replace(fold=0).utcoffset() == there.replace(fold=1).utcoffset():
        return shown
    if there.fold:
        return gettext("%(clock)s winter time", clock=shown)
    return gettext("%(clock)s summer time", clock=shown)


def measured_over(one: Counted, start: datetime, end: datetime, zone: tzinfo) -> str:
    """Between which readings an energy lies, where that is not the whole stretch; else empty."""
    if one.covers(start, end):
        return ""
    return gettext(
        "from %(first)s to %(last)s", first=local(one.first, zone), last=local(min(one.last, end), zone)
    )


def part_note(part: Part, zone: tzinfo, now: datetime) -> str:
    """What must be known of a day's or month's figures; empty: nothing."""
    found = part.balance
    start, end = part.period.start(zone), part.period.end(zone)
    known = [one for one in (found.drawn, found.fed, found.generated) if one is not None]
    notes = []
    if any(not one.covers(start, end) for one in known):
        notes.append(gettext("so far") if end > now else gettext("not the whole time"))
    if found.broken:
        notes.append(gettext("a counter began anew"))
    if found.estimated:
        notes.append(gettext("estimated"))
    return ", ".join(notes)


def average_watts(one: Counted) -> Decimal | None:
    """Mean power between the readings that an energy lies between."""
    seconds = (one.last - one.first) // timedelta(seconds=1)
    return one.wh * 3600 / seconds if seconds > 0 else None
