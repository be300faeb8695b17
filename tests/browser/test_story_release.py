"""An analyst publishes a data set, downloads it, and finds its successor once a household has withdrawn."""

import hashlib
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from browser_world import World
from playwright.sync_api import Page, expect

from couch.clock import SLOT
from couch.documents import ConsentState, Context, ContextMeter, Reading, ResearchMeasurement, Withdrawal
from couch.names import RESEARCH, month_database
from couch.research import ensure_months, write_research

START = datetime(2031, 1, 1, tzinfo=UTC)  # a month in which the world itself measures nothing
NAME = "story-2031"
_AXE = "() => axe.run(document, {resultTypes: ['violations']})"
_WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Research:
    """Two households under pseudonyms, beside those of the world, who can withdraw."""

    def __init__(self, world: World) -> None:
        self.admin = world.centre.administrator()
        self.database = self.admin.database(RESEARCH)
        self.contexts = [
            Context(
                household=uuid.uuid4().hex,
                consent=ConsentState.GRANTED,
                meters=(ContextMeter(meter=uuid.uuid4().hex, meter_type="ELECTRICITY", model="MT175"),),
            )
            for _ in range(2)
        ]
        ensure_months(self.admin, [START])
        for context in self.contexts:
            self.database.put_once(context.to_json())
        write_research(self.admin, list(self._readings()))

    def withdraw(self, context: Context) -> None:
        """Erased altogether, as the worker writes it down in the end."""
        self.database.put_once(Withdrawal(household=context.household).to_json())

    def forget(self, context: Context) -> None:
        """Its readings and what was known of it."""
        month = self.admin.database(month_database(START))
        docs = list(month.documents(start="measurement:", end="measurement;"))
        month.purge({doc["_id"]: [doc["_rev"]] for doc in docs if doc["household"] == context.household})
        for doc_id in (context.id, f"withdrawal:{context.household}"):
            if (doc := self.database.find(doc_id)) is not None:
                self.database.purge({doc_id: [doc["_rev"]]})

    def leave(self) -> None:
        for context in self.contexts:
            self.forget(context)
        self.admin.delete_database(month_database(START))

    def _readings(self) -> Iterator[ResearchMeasurement]:
        for number in range(8):
            for context in self.contexts:
                slot = START + number * SLOT
                yield ResearchMeasurement(
                    household=context.household,
                    meter=context.meters[0].meter,
                    slot=slot,
                    measured_at=slot + timedelta(seconds=4),
                    time_source="synchronized",
                    data=(Reading(obis="0100010800ff", value=100 * number, scaler=0, unit="Wh"),),
                )


@pytest.fixture
def research(centre_world: World) -> Iterator[Research]:
    made = Research(centre_world)
    yield made
    made.leave()


def publish(page: Page) -> None:
    page.get_by_label("Name of the data set").fill(NAME)
    page.get_by_label("First day (UTC)").fill("2031-01-01")
    page.get_by_label("Day after the last one (UTC)").fill("2031-01-02")
    with page.expect_navigation():
        page.get_by_role("button", name="Publish").click()
    again = page.get_by_role("link", name="Look again")
    while again.count():
        with page.expect_navigation():  # else the next look might be at a page that is not there yet
            again.click()


def for_everybody(page: Page, axe_source: str) -> None:
    """axe finds nothing, and it fits on the narrowest screen."""
    page.evaluate(axe_source)
    assert page.evaluate(_AXE)["violations"] == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate(_WIDER) <= 0
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_data_set_from_its_publication_to_its_successor(
    signed_in: Callable[..., Page], research: Research, axe_source: str, tmp_path: Path
) -> None:
    page = signed_in("analyst", "/releases")
    publish(page)
    expect(page.get_by_text(f"Version 1 of {NAME} is published.")).to_be_visible()
    for_everybody(page, axe_source)
    page.get_by_role("region", name=f"Versions of {NAME}").get_by_role("link", name="1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{NAME}, version 1")
    for_everybody(page, axe_source)
    address = page.url

    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="data/intervals.csv"))
    with page.expect_download() as downloading:
        row.get_by_role("link").click()
    file = tmp_path / "intervals.csv"
    downloading.value.save_as(file)
    shown = re.search(r"[0-9a-f]{64}", row.inner_text())
    assert shown is not None
    assert hashlib.sha256(file.read_bytes()).hexdigest() == shown[0]
    assert research.contexts[0].household in file.read_text()

    research.withdraw(research.contexts[0])
    answer: Any = page.reload()
    assert answer.status == 410
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{NAME}, version 1 was withdrawn")
    expect(page.get_by_text("No version takes its place yet")).to_be_visible()
    for_everybody(page, axe_source)

    research.forget(research.contexts[0])
    page.get_by_role("link", name="All data sets").click()
    publish(page)
    expect(page.get_by_text(f"Version 2 of {NAME} is published.")).to_be_visible()
    answer = page.goto(address)
    assert (answer.status, "successor-version" in answer.headers["link"]) == (410, True)
    page.get_by_role("link", name="Go to version 2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{NAME}, version 2")
