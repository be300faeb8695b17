"""An analyst's story: what is wanted is chosen on the page, comes as one archive, and reads as described."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from browser_world import EPOCH, WHOLE_DAY, World
from playwright.sync_api import Page, expect

AFTER = EPOCH.date()


@pytest.fixture
def form(signed_in: Callable[..., Page]) -> Page:
    page = signed_in("analyst", "/export")
    page.get_by_label("First day (UTC)").fill(str(WHOLE_DAY))
    page.get_by_label("Day after the last one (UTC)").fill(str(AFTER))
    return page


def downloaded(page: Page, folder: Path) -> zipfile.ZipFile:
    with page.expect_download() as begun:
        page.get_by_role("button", name="Download").click()
    file = folder / begun.value.suggested_filename
    begun.value.save_as(file)
    return zipfile.ZipFile(file)


def test_energy_and_context_are_downloaded_together(form: Page, tmp_path: Path) -> None:
    form.get_by_label("measurements: every reading").uncheck()
    form.get_by_label("intervals: energy between").check()
    form.get_by_label("context: households").check()
    form.get_by_label("CSV: for spreadsheets").check()
    form.get_by_label("Only intervals in which no slot is missing").check()
    bundle = downloaded(form, tmp_path)
    assert sorted(bundle.namelist()) == ["context.csv", "datapackage.json", "intervals.csv"]
    rows = list(csv.DictReader(io.TextIOWrapper(bundle.open("intervals.csv"), "utf-8")))
    assert {row["slots"] for row in rows} == {"1"}
    drawn = [row for row in rows if row["quantity"] == "drawn"]
    assert len(drawn) == 96  # of the one meter at the grid, the day's end included
    assert all(Decimal(row["energy"]) >= 0 for row in rows if row["energy"])
    (energy,) = [
        field
        for resource in json.loads(bundle.read("datapackage.json"))["resources"]
        for field in resource["schema"]["fields"]
        if field["name"] == "energy"
    ]
    assert energy["unit"] == "kWh"


def test_parquet_comes_as_a_file_for_each_month(form: Page, tmp_path: Path) -> None:
    form.get_by_label("Parquet: typed columns").check()
    bundle = downloaded(form, tmp_path)
    assert f"measurements/month={WHOLE_DAY:%Y-%m}/part-0.parquet" in bundle.namelist()


def test_what_makes_no_sense_is_said_beside_each_field_and_keeps_what_was_typed(form: Page) -> None:
    form.get_by_label("measurements: every reading").uncheck()
    form.get_by_label("Pseudonyms").fill("Ada")
    form.get_by_role("button", name="Download").click()
    summary = form.get_by_role("alert")
    expect(summary.get_by_role("link")).to_have_count(2)
    expect(form.get_by_label("Pseudonyms")).to_have_value("Ada")
    expect(form.get_by_label("Pseudonyms")).to_have_attribute("aria-invalid", "true")


def test_a_script_gets_the_same_archive_and_nobody_else_does(
    signed_in: Callable[..., Page], centre_world: World
) -> None:
    address = f"{centre_world.centre_url}/export/data"
    asked: dict[str, Any] = {"from": str(WHOLE_DAY), "to": str(AFTER), "table": "meters", "format": "ndjson"}
    analyst = signed_in("analyst", "/export").request
    answer = analyst.get(address, params=asked)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
    bundle = zipfile.ZipFile(io.BytesIO(answer.body()))
    assert "ELECTRICITY" in bundle.read("meters.ndjson").decode()
    wrong = analyst.get(address, params={**asked, "to": "tomorrow"})
    assert (wrong.status, "a day such as" in wrong.text()) == (422, True)
    assert analyst.get(address, params=asked, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert signed_in("administrator", "/").request.get(address, params=asked).status == 403
