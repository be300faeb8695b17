"""Reported mistakes: a list to work through."""

from datetime import timedelta
from typing import Any

import pytest

from couch.documents import Report, Reported
from webapp.researcher.reports import PAGE

TEXT = "The meter hangs <elsewhere>"


def uuid(number: int) -> str:
    return f"5f000000-0000-4000-8000-0000000001{number:02x}"


def report(centre: Any, household: Any, number: int, at: Any, **more: Any) -> Reported:
    """A report as the household's database and the worker's note in the registry hold it."""
    sent = Report(report=uuid(number), at=at, text=f"{TEXT} {number}")
    centre.server.add(f"household-{household.household}").put_once(sent.to_json())
    noted = Reported(household=household.household, report=uuid(number), at=at, **more)
    centre.registry.put_once(noted.to_json())
    return noted


@pytest.fixture
def household(centre: Any, sample: Any) -> Any:
    one = sample.summary(1)
    centre.registry.put_once(one.to_json())
    return one


def numbers(page: str) -> list[int]:
    return [int(part.split("<")[0]) for part in page.split("&lt;elsewhere&gt; ")[1:]]


def test_the_oldest_report_comes_first_with_its_text_and_household(
    centre: Any, household: Any, now: Any
) -> None:
    for number in (1, 2, 3):
        report(centre, household, number, now - timedelta(hours=number))
    page = centre.signed_in("rosa").get("/reports").text
    assert numbers(page) == [3, 2, 1]
    assert f'href="/households/{household.household}">Household 001</a>' in page
    assert "To be dealt with (3)" in page


def test_a_long_list_is_turned_without_loss(centre: Any, household: Any, now: Any) -> None:
    for number in range(2 * PAGE + 1):
        report(centre, household, number, now + timedelta(minutes=number // 2))
    browser, address, found = centre.signed_in("rosa"), "/reports", []
    while address:
        page = browser.get(address).text
        found.append(numbers(page))
        address = page.partition('rel="next" href="')[2].partition('"')[0]
    assert [number for page in found for number in page] == list(range(2 * PAGE + 1))


def test_a_report_is_marked_done_and_opened_again(centre: Any, household: Any, now: Any) -> None:
    report(centre, household, 1, now - timedelta(days=1))
    browser = centre.signed_in("rosa")
    browser.get("/reports")
    place = f"/reports/{household.household}/{uuid(1)}"
    assert browser.send(f"{place}/done", note=" street corrected ").location == "/reports?said=done"
    stored = Reported.from_json(centre.registry.docs[f"reported:{household.household}:{uuid(1)}"])
    assert (stored.done_at, stored.done_by, stored.done_as) == (now, "rosa", "researcher")
    assert numbers(browser.get("/reports?said=done").text) == []
    done = browser.get("/reports?state=done").text
    assert "street corrected" in done
    assert "by rosa" in done
    assert browser.send(f"{place}/reopen", back="household").location == f"/households/{household.household}"
    assert numbers(browser.get("/reports").text) == [1]
    assert "street corrected" in browser.page


def test_who_comes_second_is_told_and_changes_nothing(centre: Any, household: Any, now: Any) -> None:
    report(centre, household, 1, now, done_at=now, done_by="igor", note="first")
    browser = centre.signed_in("rosa")
    browser.get("/reports?state=done")
    answer = browser.send(f"/reports/{household.household}/{uuid(1)}/done", note="second")
    assert answer.location == "/reports?said=late"
    assert "Somebody else was faster" in browser.get(answer.location).text
    assert centre.registry.docs[f"reported:{household.household}:{uuid(1)}"]["note"] == "first"


def test_a_report_that_is_not_there_is_no_page(centre: Any, household: Any, now: Any) -> None:
    report(centre, household, 1, now)
    browser = centre.signed_in("rosa")
    browser.get("/reports")
    for place in (f"{household.household}/{uuid(2)}", f"{uuid(9)}/{uuid(1)}"):
        assert browser.send(f"/reports/{place}/done").status_code == 404


def test_a_text_that_went_with_its_household_costs_the_list_nothing(
    centre: Any, household: Any, now: Any
) -> None:
    report(centre, household, 1, now)
    del centre.server.databases[f"household-{household.household}"]
    assert "cannot be read any more" in centre.signed_in("rosa").get("/reports").text


def test_administrators_see_reports_on_the_household_s_page_only(
    centre: Any, household: Any, now: Any
) -> None:
    report(centre, household, 1, now)
    adam = centre.signed_in("adam")
    assert adam.get("/reports").status_code == 403
    assert adam.get(f"/households/{household.household}").status_code == 200
