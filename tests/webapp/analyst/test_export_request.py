"""Bad wishes are one clear line before anything is read or written."""

from typing import Any

import pytest

from couch.errors import Fault
from webapp.analyst.export_request import check_household, parse_request


@pytest.mark.parametrize(
    ("first", "end", "household", "wanted", "says"),
    [
        ("2026-02-01", "2026-01-01", None, "csv", "exchange the two"),
        ("2026-01-01", "2026-01-01", None, "csv", "holds no day"),
        ("yesterday", "2026-01-01", None, "csv", "a day such as"),
        ("2026-01-01", "2026-02-30", None, "csv", "`to` is '2026-02-30'"),
        ("2026-01-01", "2026-02-01", "Erika", "csv", "no pseudonym"),
        ("2026-01-01", "2026-02-01", None, "xlsx", "ndjson, json, csv"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(
    first: str, end: str, household: str | None, wanted: str, says: str
) -> None:
    with pytest.raises(Fault, match=says) as caught:
        parse_request(first, end, household, wanted)
    assert "\n" not in str(caught.value)


def test_the_range_is_half_open_and_in_utc() -> None:
    request = parse_request("2026-01-01", "2026-02-01", "", "json")
    assert request.selection.households == ()
    assert request.start_at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert request.end_at.isoformat() == "2026-02-01T00:00:00+00:00"


def test_an_unknown_household_is_refused(centre: Any) -> None:
    request = parse_request("2026-01-01", "2026-02-01", "ab" * 16, "csv")
    with pytest.raises(Fault, match="no household has the pseudonym"):
        check_household(centre.server, request)


def test_a_server_that_was_never_set_up_is_said(centre: Any) -> None:
    del centre.server.databases["research"]
    with pytest.raises(Fault, match="centre init"):
        check_household(centre.server, parse_request("2026-01-01", "2026-02-01", None, "csv"))


def test_a_range_may_begin_and_end_inside_a_day() -> None:
    request = parse_request("2026-01-01T06:00:00Z", "2026-01-02", None, "csv")
    assert (request.first, request.end) == ("2026-01-01T06:00:00Z", "2026-01-02")
    assert request.selection.share_done(request.start_at) == 0
