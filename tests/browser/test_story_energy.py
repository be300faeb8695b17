"""A participant's story (FR-05): the measurements, on a phone and without a network, to the watt-hour.

The device of the shared world has measured for days; its network is cut for this story and comes back after.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from browser_world import GAP_DAY, WHOLE_DAY, World
from playwright.sync_api import Page, expect

from couch.documents import Measurement, stamp

ZONE = ZoneInfo("Europe/Berlin")
PHONE = 390
DRAWN, FED = "0100010800ff", "0100020800ff"


@pytest.fixture
def offline(device_world: World) -> Iterator[World]:
    device_world.device.link.cut()
    yield device_world
    device_world.device.link.restore()


@pytest.fixture
def phone(offline: World, signed_in: Callable[..., Page]) -> Page:
    return signed_in("participant", "/overview", width=PHONE, language="de")


def counted(world: World, place: int, code: str, day: date) -> str:
    """What a counter says at the end of a local day less what it said at its beginning, in words."""
    bounds = [datetime.combine(day + timedelta(days=n), time.min, ZONE) for n in (0, 1)]
    docs = [world.replica.get(f"measurement:{world.device.meters[place]}:{stamp(bound)}") for bound in bounds]
    values = [
        next(one.quantity for one in Measurement.from_json(doc).data if one.obis == code) for doc in docs
    ]
    return f"{(values[1] - values[0]) / Decimal(1000):.1f} kWh".replace(".", ",")


def test_now_and_today(phone: Page) -> None:
    phone.get_by_role("link", name="Messwerte").first.click()
    expect(phone.get_by_role("heading", name="Heute bisher")).to_be_visible()
    expect(phone.get_by_text(re.compile(r"Gemessen (gerade eben|vor \d+ Minuten?)")).first).to_be_visible()
    expect(phone.get_by_role("heading", name="Stromzähler MT175")).to_be_visible()
    phone.get_by_role("link", name="Der Tag im Einzelnen").click()
    expect(phone).to_have_url(re.compile(r"/measurements/day/2026-06-1\d$"))


def test_a_day_is_counted_to_the_watt_hour(offline: World, phone: Page) -> None:
    phone.goto(f"{offline.device_url}/measurements/day/{WHOLE_DAY}")
    expect(phone.get_by_role("heading", name="Sonntag, 14. Juni 2026")).to_be_visible()
    energy = phone.get_by_role("region", name="Energie")
    for place, code, words in (
        (0, DRAWN, "Aus dem Netz bezogen"),
        (0, FED, "Ins Netz eingespeist"),
        (1, FED, "Erzeugt"),
    ):
        expect(energy.get_by_role("listitem").filter(has_text=re.compile(f"kWh\\s+{words}"))).to_contain_text(
            counted(offline, place, code, WHOLE_DAY)
        )
    expect(energy.get_by_role("listitem").filter(has_text="Autarkie")).to_contain_text("%")
    expect(phone.get_by_text("96 von 96 (100 %)")).to_have_count(2)
    expect(phone.locator("#power-curve canvas")).to_be_visible()


def test_a_gap_is_a_gap_and_says_why(offline: World, phone: Page) -> None:
    phone.goto(f"{offline.device_url}/measurements/day/{GAP_DAY}")
    phone.get_by_text("Die Werte dieses Diagramms als Tabelle").click()
    expect(row(phone, "07:45")).not_to_contain_text("–")
    for missing in ("08:00", "12:45"):
        expect(row(phone, missing).get_by_role("cell").first).to_have_text("–")
    expect(row(phone, "13:00")).not_to_contain_text("–")
    expect(phone.get_by_text("76 von 96 (79 %)")).to_have_count(2)
    expect(phone.get_by_text(re.compile(r"20 Viertelstunden: ")).first).to_be_visible()


def row(page: Page, clock: str) -> Any:
    return page.get_by_role("row", name=re.compile(f"^{clock} "))


def test_from_the_month_to_a_day_and_on_to_the_next(offline: World, phone: Page) -> None:
    phone.goto(f"{offline.device_url}/measurements")
    phone.get_by_role("link", name="Monat").click()
    expect(phone.get_by_role("heading", name="Juni 2026 bisher")).to_be_visible()
    expect(phone.locator("#energy-bars canvas")).to_be_visible()
    whole = phone.get_by_role("row").filter(has_text=f"{WHOLE_DAY:%d.%m.%Y}")
    for place, code in ((0, DRAWN), (1, FED)):
        energy = counted(offline, place, code, WHOLE_DAY).removesuffix(" kWh")
        expect(whole.get_by_role("cell", name=energy, exact=True).first).to_be_visible()
    phone.get_by_role("link", name=f"Samstag, {GAP_DAY:%d.%m.%Y}").click()
    phone.get_by_role("link", name="Sonntag, 14. Juni 2026").click()
    expect(phone).to_have_url(re.compile(f"/day/{WHOLE_DAY}$"))
    phone.get_by_role("link", name="Jahr").click()
    expect(phone.get_by_role("link", name="Juni 2026")).to_be_visible()


def test_any_date_without_a_script(offline: World, signed_in: Callable[..., Page]) -> None:
    page = signed_in("participant", "/measurements", language="en", script=False)
    page.get_by_label("Date").fill(str(GAP_DAY))
    page.get_by_label("Show the whole").select_option("week")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Week 24 of 2026")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Saturday, 13 Jun 2026.*79%"))).to_be_visible()
    page.get_by_role("link", name="Saturday, 13 Jun 2026").click()
    page.get_by_text("The values of this chart as a table").click()
    expect(page.get_by_role("row", name=re.compile(r"^07:45 "))).to_be_visible()
