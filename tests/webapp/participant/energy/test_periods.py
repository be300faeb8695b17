"""Days, weeks, months and years of a time zone; days have 23, 24 or 25 hours."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.participant.energy.periods import SPANS, period_named, period_of, slots_between

few = settings(max_examples=40, deadline=None)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    BERLIN,
    UTC,
    ZoneInfo("America/New_York"),
    ZoneInfo("Asia/Kathmandu"),
    ZoneInfo("Australia/Lord_Howe"),
]
days = st.dates(date(2000, 1, 3), date(2199, 12, 31))
spans = st.sampled_from(SPANS)


@few
@given(spans, days)
def test_a_period_is_found_by_its_name(span: str, day: date) -> None:
    period = period_of(span, day)  # type: ignore[arg-type]
    assert period.first <= day < period.after
    assert period_named(period.span, period.name) == period


@few
@given(spans, days, st.sampled_from(ZONES))
def test_periods_follow_each_other_without_a_seam(span: str, day: date, zone: ZoneInfo) -> None:
    period = period_of(span, day)  # type: ignore[arg-type]
    assert period.next.previous == period
    assert period.end(zone) == period.next.start(zone)
    parts = period.parts
    assert [part.first for part in parts] == [period.first, *(part.after for part in parts[:-1])]
    assert parts[-1].after == period.after
    assert all(one.minute % 15 == 0 and one.second == 0 for one in (period.start(zone), period.end(zone)))


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24), (date(2027, 3, 28), 23)],
)
def test_a_day_on_which_the_clocks_change_is_shorter_or_longer(day: date, hours: int) -> None:
    period = period_of("day", day)
    start, end = period.start(BERLIN), period.end(BERLIN)
    assert end - start == timedelta(hours=hours)
    assert len(slots_between(start, end)) == hours * 4


def test_a_local_day_begins_at_local_midnight() -> None:
    assert period_of("day", date(2026, 11, 25)).start(BERLIN) == datetime(2026, 11, 24, 23, tzinfo=UTC)
    assert period_of("day", date(2026, 6, 25)).start(BERLIN) == datetime(2026, 6, 24, 22, tzinfo=UTC)


def test_weeks_are_those_of_the_calendar_and_may_reach_into_another_year() -> None:
    assert period_of("week", date(2027, 1, 1)).name == "2026-W53"
    assert period_of("week", date(2026, 11, 25)).first == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("span", "name"),
    [
        ("day", "2026-02-30"),
        ("day", "2026-2-3"),
        ("day", "26-02-03"),
        ("day", "1999-12-31"),
        ("week", "2025-W53"),
        ("week", "2026-W00"),
        ("month", "2026-13"),
        ("year", "2200"),
        ("year", "0000"),
        ("day", "２０２６-01-01"),
        ("day", ""),
    ],
)
def test_what_is_no_date_is_found_nowhere(span: str, name: str) -> None:
    assert period_named(span, name) is None  # type: ignore[arg-type]
