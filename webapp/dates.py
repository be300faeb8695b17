"""Days and clock times as the reader's language writes them, without a library of all locales.

Babel and ICU know more languages and cost the device 10 MB and more of memory; it speaks two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from webapp.translation import Language, language


@dataclass(frozen=True, slots=True)
class _Words:
    months: tuple[str, ...]  # January first
    weekdays: tuple[str, ...]  # Monday first
    zones: Mapping[str, str]  # where a zone's short name is another one than in the time zone data


_WORDS: Mapping[Language, _Words] = {
    "en": _Words(
        (
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ),
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        {},
    ),
    "de": _Words(
        (
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ),
        ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
        {"CET": "MEZ", "CEST": "MESZ"},
    ),
}


def day(value: date) -> str:
    """`25 Nov 2026`, in German `25.11.2026`."""
    if language() == "de":
        return f"{value.day:02}.{value.month:02}.{value.year}"
    return f"{value.day} {_words().months[value.month - 1][:3]} {value.year}"


def long_day(value: date) -> str:
    """`Wednesday, 25 November 2026`, in German `Mittwoch, 25. November 2026`."""
    dot = "." if language() == "de" else ""
    return f"{weekday(value)}, {value.day}{dot} {month(value)}"


def weekday(value: date) -> str:
    """`Wednesday`, in German `Mittwoch`."""
    return _words().weekdays[value.weekday()]


def month(value: date) -> str:
    """`November 2026`, in both languages."""
    return f"{_words().months[value.month - 1]} {value.year}"


def clock(value: datetime, zone: tzinfo) -> str:
    """`14:15`, on the clocks of `zone`."""
    return f"{value.astimezone(zone):%H:%M}"


def local(value: datetime, zone: tzinfo) -> str:
    """`30 Jun 2026, 14:15 CEST`, in German `30.06.2026, 14:15 MESZ`: twice the same hour reads as two."""
    there = value.astimezone(zone)
    name = there.strftime("%Z")
    return f"{day(there)}, {there:%H:%M} {_words().zones.get(name, name)}"


def _words() -> _Words:
    return _WORDS[language()]
