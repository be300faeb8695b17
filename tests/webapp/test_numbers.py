"""Numbers, days and clock times in the reader's language."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, g

from webapp.dates import clock, day, local, long_day, month
from webapp.numbers import kwh, number, percent, watts

_APP = Flask("languages")
BERLIN = ZoneInfo("Europe/Berlin")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    with _APP.test_request_context():
        g.language = language
        yield


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", ["1,234.5", "-1,234", "0", "–", "43%", "12.3 kWh", "1,250 W"]),
        ("de", ["1.234,5", "-1.234", "0", "–", "43 %", "12,3 kWh", "1.250 W"]),
    ],
)
def test_a_number_has_the_marks_of_its_language(language: str, shown: list[str]) -> None:
    with speaking(language):
        assert [
            number(Decimal("1234.49999"), 1),
            number(-1234.4),
            number(-0.4),
            number(None, 3),
            percent(0.43),
            kwh(12_345),
            watts(1250),
        ] == shown


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", ["25 Nov 2026", "Wednesday, 25 November 2026", "November 2026"]),
        ("de", ["25.11.2026", "Mittwoch, 25. November 2026", "November 2026"]),
    ],
)
def test_a_day_is_written_as_its_language_does(language: str, shown: list[str]) -> None:
    with speaking(language):
        assert [write(date(2026, 11, 25)) for write in (day, long_day, month)] == shown


def test_the_hour_that_comes_twice_reads_as_two() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert clock(first, BERLIN) == clock(second, BERLIN) == "02:30"
    with speaking("de"):
        assert local(first, BERLIN) == "25.10.2026, 02:30 MESZ"
        assert local(second, BERLIN) == "25.10.2026, 02:30 MEZ"


def test_outside_of_a_request_everything_is_english() -> None:
    assert number(1234) == "1,234"
    assert day(date(2026, 3, 1)) == "1 Mar 2026"
