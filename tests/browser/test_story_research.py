"""A researcher at work (FR-08): a household is found, a mistake dealt with, measurements are seen."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from browser_world import World
from playwright.sync_api import Page, expect

from provisioning.demo.households import ADA, household_file

NAME = re.search(r'name = "([^"]+)"', household_file(ADA, None))
_WITHIN_S = 60
_AXE = "() => axe.run(document, {resultTypes: ['violations']})"


@pytest.fixture
def researcher(signed_in: Callable[..., Page]) -> Callable[..., Page]:
    return lambda path, **more: signed_in("researcher", path, **more)


def until_there(page: Page, words: str) -> None:
    """Load the page again, as it asks for, while its figures are being put together."""
    for _ in range(_WITHIN_S):
        if page.get_by_text(words).count() == 0:
            return
        page.wait_for_timeout(1000)
        page.reload()
    raise AssertionError(f"still {words!r} at {page.url}")


def test_a_household_is_found_by_its_name_which_no_address_holds(
    researcher: Any, centre_world: World, axe_source: str
) -> None:
    assert NAME is not None
    first, _, last = NAME[1].partition(" ")
    page = researcher("/households")
    page.get_by_label("Find a household").fill(last[:3].upper())
    page.get_by_role("button", name="Find", exact=True).press("Enter")
    found = page.get_by_role("table").get_by_role("link", name=NAME[1])
    expect(found).to_be_visible()
    assert last.lower()[:3] not in page.url.lower()
    assert page.title().startswith("Found households")
    page.evaluate(axe_source)
    assert page.evaluate(_AXE)["violations"] == []
    found.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME[1])
    assert page.url.endswith(f"/households/{centre_world.household}")
    expect(page.get_by_text("granted", exact=True).first).to_be_visible()
    assert first not in page.title()


def test_a_sorted_and_filtered_list_has_an_address_to_share(
    researcher: Any, open_page: Callable[..., Page]
) -> None:
    page = researcher("/households")
    page.get_by_text("Filters and order").click()
    page.get_by_label("Consent").select_option("granted")
    page.get_by_label("Sort by").select_option("city")
    page.get_by_label("Order").select_option("down")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("status").filter(has_text="1 household passes")).to_be_visible()
    expect(page.get_by_role("columnheader", name="City")).to_have_attribute("aria-sort", "descending")
    again = open_page(page.url, role="researcher", language="de", width=390)
    expect(again.get_by_text("1 Haushalt passt zu den Filtern.")).to_be_visible()


def test_a_reported_mistake_is_worked_off_and_opened_again(researcher: Any) -> None:
    page = researcher("/reports")
    report = page.get_by_role("article").filter(has_text="heat pump since March")
    expect(report).to_be_visible()
    report.get_by_label("Note").fill("heat pump entered")
    report.get_by_role("button", name="Dealt with").press("Enter")
    expect(page.get_by_role("status")).to_have_text("The report is noted as dealt with.")
    expect(page.get_by_role("article").filter(has_text="heat pump since March")).to_have_count(0)
    page.get_by_role("link", name=re.compile("^Dealt with")).click()
    done = page.get_by_role("article").filter(has_text="heat pump entered")
    expect(done).to_contain_text("by researcher")
    done.get_by_role("button", name="Open it again").click()
    expect(page.get_by_role("status")).to_contain_text("to be dealt with again")


def test_charts_show_what_was_measured_and_their_tables_too(researcher: Any) -> None:
    page = researcher("/charts/profiles")
    until_there(page, "being put together")
    expect(page.locator("figure canvas").first).to_be_visible()
    page.get_by_role("link", name="Fed into the grid").click()
    page.get_by_text("The values of this chart as a table").click()
    expect(page.get_by_role("row", name=re.compile("^12:00 [0-9]"))).to_be_visible()
    page.get_by_role("link", name="Completeness").click()
    expect(page.locator("table.heat td.heat-10").first).to_be_visible()


def test_without_scripts_the_tables_stand_alone(researcher: Any) -> None:
    page = researcher("/charts/consent", script=False)
    page.get_by_text("The values of this chart as a table").click()
    expect(page.get_by_role("table")).to_be_visible()


@pytest.mark.parametrize(
    ("role", "path"),
    [("analyst", "/reports"), ("analyst", "/charts/profiles"), ("administrator", "/reports")],
)
def test_others_are_turned_away(open_page: Any, centre_world: World, role: str, path: str) -> None:
    page = open_page(None, role=role)
    answer = page.goto(centre_world.centre_url + path)
    assert answer is not None
    assert answer.status == 403


def test_another_households_uuid_and_none_at_all_say_the_same(open_page: Any, centre_world: World) -> None:
    page = open_page(None, role="researcher")
    unknown = "5f000000-0000-4000-8000-000000000099"
    answers = [
        page.goto(f"{centre_world.centre_url}{path}")
        for path in (f"/households/{unknown}", f"/charts/profiles?household={'9' * 32}")
    ]
    assert [answer.status for answer in answers if answer] == [404, 404]
