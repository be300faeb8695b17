"""FR-06 and FR-07 as a researcher does them: add a household, correct it, record a letter, import a table."""

import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
from browser_world import World
from playwright.sync_api import Page, expect

from couch.bundle import read_bundle
from couch.client import Database
from couch.documents import PvSystem
from couch.errors import NotFound
from couch.names import REGISTRY, household_database
from provisioning.demo.waiting import ids, wait_until

SignedIn = Callable[..., Page]
FACTS = {
    "name": "Carla Beispiel",
    "email": "carla@example.org",
    "street": "Seeweg",
    "postal_code": "24103",
    "city": "Kiel",
    "children": "0",
    "adults": "2",
    "adults_with_job": "1",
}


def fill(page: Page, **fields: str) -> None:
    for name, text in fields.items():
        page.fill(f"#{name}", text)


def fill_rows(page: Page) -> None:
    """A device, a generation meter that it reads, a system that the meter counts."""
    fill(page, **{"devices-1-name": "Küche"})
    page.select_option("#meters-1-type", "pv_generation")
    page.select_option("#meters-1-model", "MT175")
    fill(page, **{"systems-1-power": "8.4", "systems-1-azimuth": "180", "systems-1-tilt": "35"})
    fill(page, **{"systems-1-installed": "2021-05-01"})
    page.check("#systems-1-meters-1")


def household_in(page: Page) -> str:
    """The uuid in the page's address."""
    found = re.search(r"/households/([0-9a-f-]{36})/", page.url)
    assert found is not None, page.url
    return found[1]


def database(world: World, household: str) -> Database:
    return world.centre.administrator().database(household_database(household))


def registered(signed_in: SignedIn, **more: str) -> str:
    page = signed_in("researcher", "/households/new", script=False)
    fill(page, **{**FACTS, **more})
    fill_rows(page)
    page.get_by_role("button", name="Register the household").last.click()
    page.wait_for_url("**/devices?registered=yes")
    return household_in(page)


def test_fr_06_a_researcher_adds_a_household_and_gets_its_device_s_bundle(
    signed_in: SignedIn, world: World, tmp_path: Path
) -> None:
    page = signed_in("researcher", "/households/new")
    fill(page, **{**FACTS, "email": "carla", "name": "Dora Beispiel"})
    fill_rows(page)
    page.get_by_role("button", name="Add a meter").click()
    page.locator("#meters-2-type").wait_for()
    assert page.evaluate("document.activeElement.id") == "meters-2-type"
    assert page.input_value("#devices-1-name") == "Küche"
    page.get_by_role("button", name="Remove meter 2").click()
    expect(page.locator("#meters-2-type")).to_have_count(0)

    # the position, by keyboard on the map
    page.locator("#postal_code").dispatch_event("change")
    page.locator("#map svg").wait_for()
    expect(page.locator("#map-said")).to_have_text("No position is set.")
    expect(page.locator(".map-places text").first).to_be_attached()
    page.focus("#map svg")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#map-said")).to_contain_text("District")
    assert abs(float(page.input_value("#latitude")) - 54.3233) < 0.1

    page.get_by_role("button", name="Register the household").last.click()
    fault = page.get_by_role("link", name="This is no email address")
    fault.click()
    expect(page.locator("#email")).to_be_focused()  # which the browser does a moment after the click
    fill(page, email="dora@example.org")
    page.get_by_role("button", name="Register the household").last.click()
    page.wait_for_url("**/devices?registered=yes")

    with page.expect_download() as download:
        page.get_by_role("link", name="Download the bundle of Küche").click()
    file = tmp_path / "bundle.toml"
    download.value.save_as(file)
    household = household_in(page)
    bundle = read_bundle(file)
    assert (bundle.household, bundle.name, len(bundle.meters)) == (household, "Küche", 1)
    docs = ids(database(world, household), "")
    assert len([doc_id for doc_id in docs if doc_id.startswith(("pv_system:", "meter:", "device:"))]) == 3
    registry = world.registry
    wait_until(registry, lambda: bool(ids(registry, f"household:{household}")), "its place in the list")
    page.goto(f"{world.centre_url}/households/{household}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Dora Beispiel")


def test_fr_07_a_researcher_corrects_what_was_wrong_and_overwrites_nobody(
    signed_in: SignedIn, world: World
) -> None:
    household = registered(signed_in, email="eva@example.org", name="Eva Beispiel")
    one = signed_in("researcher", f"/households/{household}/edit")
    other = signed_in("researcher", f"/households/{household}/edit", script=False)
    fill(one, email="eva@example.com", city="Kiel-Mitte")
    one.get_by_role("button", name="Save the corrections").last.click()
    one.wait_for_url("**/correction?email=yes")
    expect(one.get_by_text("when they are next renewed")).to_be_visible()

    power = other.locator("input[id$=-power]")
    power.fill("9.1")
    other.get_by_role("button", name="Save the corrections").last.click()
    expect(other.get_by_role("alert").first).to_contain_text("Somebody else changed this household")
    assert other.input_value("#email") == "eva@example.com"
    assert other.locator("input[id$=-power]").input_value() == "9.1"
    other.get_by_role("button", name="Save the corrections").last.click()
    other.wait_for_url("**/correction")

    central = database(world, household)
    assert central.get("registration")["contact"]["email"] == "eva@example.com"
    (system,) = [PvSystem.from_json(doc) for doc in central.documents(start="pv_system:", end="pv_system;")]
    assert system.nominal_power_kw == 9.1
    registry = world.centre.administrator().database(REGISTRY)
    wait_until(registry, lambda: _email(registry, household) == "eva@example.com", "the new email")
    expect(one.get_by_text("no old value is left")).to_be_visible(timeout=60_000)  # it looks again by itself


def _email(registry: Database, household: str) -> str | None:
    stored = registry.find(f"household:{household}")
    return None if stored is None else stored.get("email")


def test_a_revocation_by_letter_is_recorded_in_two_steps(signed_in: SignedIn, world: World) -> None:
    household = registered(signed_in, email="fritz@example.org", name="Fritz Beispiel")
    page = signed_in("researcher", f"/households/{household}/revocation", width=390, language="de")
    page.fill("#arrived", world.clock.now().date().isoformat())
    page.check("#certain")
    page.get_by_role("button", name="Weiter").click()
    assert database(world, household).find("consent:revoked") is None
    page.get_by_role("button", name="Widerruf endgültig eintragen").click()
    expect(page.get_by_role("status")).to_contain_text("nach einem Brief eingetragen")
    # the worker erases at once: for a moment there is no database, then a new one without the document
    wait_until(world.registry, lambda: _revoked_by(world, household) == "researcher", "the revocation")


def _revoked_by(world: World, household: str) -> str | None:
    try:
        stored = database(world, household).find("consent:revoked")
    except NotFound:
        return None
    return None if stored is None else stored["by"]["role"]


def test_a_table_is_checked_then_imported_and_again_nothing_is_doubled(
    signed_in: SignedIn, world: World, tmp_path: Path
) -> None:
    page = signed_in("researcher", "/households/import")
    with page.expect_download() as download:
        page.get_by_role("link", name="Template for Excel").click()
    file = tmp_path / "homes.xlsx"
    download.value.save_as(file)
    _write_rows(file, {"children": "viele"})
    _check(page, file)
    fault = page.get_by_role("row", name="3 children")
    expect(fault).to_contain_text("Give a whole number from 0 to 99.")

    _write_rows(file, {})
    for said in ("registered", "was registered before"):
        _check(page, file)
        page.get_by_role("button", name="Register these 2 households").click()
        expect(page.get_by_text("It is finished.")).to_be_visible(timeout=60_000)
        for reference in ("H-1", "H-2"):
            expect(page.get_by_role("row", name=reference)).to_contain_text(said)
        page.goto(f"{world.centre_url}/households/import")


def _check(page: Page, file: Path) -> None:
    page.set_input_files("#file", file)
    page.get_by_role("button", name="Check the file").click()


def _write_rows(file: Path, wrong: dict[str, str]) -> None:
    """Two households into the template; the second one as `wrong` says."""
    book = openpyxl.load_workbook(file)
    sheet = book.worksheets[0]
    headings = [cell.value for cell in sheet[1]]
    for number in (1, 2):
        row = {
            **FACTS,
            "reference": f"H-{number}",
            "email": f"home{number}@example.org",
            "device_1": "cellar",
            "meter_1_type": "electricity",
            "meter_1_model": "MT175",
            "meter_1_device": "cellar",
            **(wrong if number == 2 else {}),
        }
        for name, value in row.items():
            sheet.cell(number + 1, headings.index(name) + 1, value)
    book.save(file)
