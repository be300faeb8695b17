"""What the pages of measurements say in words."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from couch.clock import SLOT
from couch.documents.readings import Cause
from webapp.participant.energy import words
from webapp.participant.energy.balance import Why
from webapp.participant.energy.counting import Counted
from webapp.participant.energy.periods import period_of, slots_between

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 6, 1, tzinfo=UTC)


def test_the_hour_that_the_clocks_show_twice_is_told_apart() -> None:
    day = period_of("day", date(2026, 10, 25))
    names = [words.slot_name(slot, BERLIN) for slot in slots_between(day.start(BERLIN), day.end(BERLIN))]
    assert names[7:13] == [
        "01:45",
        "02:00 summer time",
        "02:15 summer time",
        "02:30 summer time",
        "02:45 summer time",
        "02:00 winter time",
    ]
    assert len(set(names)) == 100


def test_on_the_day_of_23_hours_an_hour_is_not_there() -> None:
    day = period_of("day", date(2026, 3, 29))
    names = [words.slot_name(slot, BERLIN) for slot in slots_between(day.start(BERLIN), day.end(BERLIN))]
    assert names[7:9] == ["01:45", "03:00"]
    assert len(names) == 92


@pytest.mark.parametrize(
    ("stored", "due", "said"),
    [(0, 0, "–"), (96, 96, "100%"), (95, 96, "99%"), (35039, 35040, "99.9%"), (1, 96, "1%"), (0, 96, "0%")],
)
def test_a_share_says_all_only_where_nothing_is_missing(stored: int, due: int, said: str) -> None:
    assert words.share(stored, due) == said


def test_an_energy_that_lies_between_other_readings_says_so() -> None:
    end = START + timedelta(days=1)
    whole, late = Counted(Decimal(2400), START, end), Counted(Decimal(2400), START + 8 * SLOT, end)
    assert words.measured_over(whole, START, end, BERLIN) == ""
    assert words.measured_over(late, START, end, UTC).startswith("from 1 Jun 2026, 02:00")
    assert words.average_watts(whole) == 100
    assert words.average_watts(Counted(Decimal(0), START, START)) is None


def test_every_cause_and_every_reason_has_words() -> None:
    assert set(get_args(Cause)) <= set(words.CAUSES)
    assert set(get_args(Why)) == set(words.REASONS)
    assert words.cause("unheard of") == "No cause was noted."
    assert words.doubt("unheard of") == "The device doubts this measurement."


def test_periods_and_their_parts_have_names() -> None:
    year, week = period_of("year", date(2026, 11, 25)), period_of("week", date(2026, 11, 25))
    assert [words.title(one) for one in (year, week, period_of("month", date(2026, 11, 25)))] == [
        "2026",
        "Week 48 of 2026",
        "November 2026",
    ]
    assert [words.part_name(part, year) for part in year.parts][:2] == ["Jan", "Feb"]
    assert words.part_name(week.parts[2], week) == "Wed 25"
    assert words.part_title(week.parts[2]) == "Wednesday, 25 Nov 2026"
