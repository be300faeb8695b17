"""Moments as people read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from couch.errors import Fault
from webapp.dates import local
from webapp.moments import ago, zone_named

NOW = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=12), "12 minutes ago"),
        (timedelta(hours=3), "3 hours ago"),
        (timedelta(hours=47), "47 hours ago"),
        (timedelta(days=5), "5 days ago"),
        (timedelta(seconds=-30), "just now"),
        (timedelta(hours=-1), "in the future"),
    ],
)
def test_a_span_is_said_in_its_largest_unit(passed: timedelta, words: str) -> None:
    assert ago(NOW - passed, NOW) == words


def test_a_moment_names_its_zone() -> None:
    assert local(NOW, ZoneInfo("Europe/Berlin")) == "30 Jun 2026, 14:00 CEST"


def test_an_unknown_zone_is_one_clear_line() -> None:
    with pytest.raises(Fault, match="Europe/Berlin"):
        zone_named("Europe/Atlantis")
