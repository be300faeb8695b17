"""The pages of measurements as their reader sees them; only the local database is asked."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from couch.clock import SLOT, slot_of
from couch.documents import Device, Gap, Meter
from webapp.site import SERVICES

TWO_DAYS = 2 * 96
OTHER_DEVICE = "5f000000-0000-4000-8000-00000000cccc"
FED = "0100020800ff"


@pytest.fixture
def full(device: Any, sample: Any, now: datetime) -> Any:
    """Two days of a household with both meters up to now; two hours of yesterday are missing."""
    device.holds(*sample.meters(), sample.consent("granted", now - timedelta(days=2)))
    slot = slot_of(now)
    for number in range(TWO_DAYS + 1):
        at = slot - number * SLOT
        if at.day == 29 and 8 <= at.hour < 10:
            continue
        device.holds(
            sample.measurement(
                at,
                sample.energy(2_000_000 - number * 100),
                sample.energy(900_000 - number * 50, FED),
                sample.power(400 if number else -1500),
                marks=() if number else ("counter_fell",),
            ),
            sample.measurement(
                at, sample.energy(5_000_000 - number * 150, FED), meter=sample.generation_meter
            ),
        )
    gap = Gap(
        meter=sample.meter,
        from_slot=(slot - timedelta(days=1)).replace(hour=8),
        to_slot=(slot - timedelta(days=1)).replace(hour=9, minute=45),
        cause="head_unplugged",
        device=sample.device,
    )
    device.holds(gap.to_json())
    return device


def words_of(page: str) -> str:
    """What is read, without marks and in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_now_tells_power_counters_and_how_old_they_are(full: Any) -> None:
    page = words_of(full.participant().get("/measurements").text)
    for said in (
        "1,500 W fed into the grid",
        "6 minutes ago",
        "2,000.000 kWh",
        "a counter was lower than before",
    ):
        assert said in page
    assert "This meter does not tell its power" in page  # the generation meter
    # 48 slots since midnight: 4.8 kWh drawn, 2.4 fed in, 7.2 generated
    for said in (
        "4.8 kWh Drawn",
        "2.4 kWh Fed",
        "7.2 kWh Generated",
        "4.8 kWh Own use",
        "50% Self-sufficiency",
    ):
        assert said in page


def test_a_day_has_a_row_for_each_quarter_of_an_hour_and_gaps_are_gaps(full: Any) -> None:
    page = full.participant().get("/measurements/day/2026-06-29").text
    rows = re.findall(r'<tr><th scope="row">(\d\d:\d\d)</th>(.*?)</tr>', page)
    assert len(rows) == 96
    values = {time: re.findall(r">([^<]+)</td>", cells) for time, cells in rows}
    assert values["07:45"] == ["400 W", "–"]  # of the generation meter the mean up to the next slot
    assert values["08:00"] == values["09:45"] == ["–", "–"]
    assert values["10:00"] == ["400 W", "600 W"]
    said = words_of(page)
    assert "88 of 96 (92%)" in said
    assert "8 quarters of an hour: The reading head was not connected" in said
    assert "29 Jun 2026, 08:00 UTC" in said
    assert "8 quarters of an hour: No cause was noted" in said  # the other meter has no gap document
    assert "9.6 kWh Drawn" in said


@pytest.mark.parametrize(
    ("path", "rows", "links"),
    [
        ("week/2026-W27", ["29 Jun 2026", "30 Jun 2026"], ["/measurements/week/2026-W26"]),
        ("month/2026-06", ["28 Jun 2026", "30 Jun 2026"], []),
        ("year/2026", ["June 2026"], []),
    ],
)
def test_longer_times_have_a_row_for_each_part_and_lead_to_it(
    full: Any, path: str, rows: list[str], links: list[str]
) -> None:
    page = full.participant().get(f"/measurements/{path}").text
    said = words_of(page)
    for row in rows:
        assert row in said
    assert re.search(r"\b(9\.6|19\.2)\b", said)
    for link in links:
        assert f'href="{link}"' in page
    assert f'rel="next"' not in page  # noqa: F541 - nothing is known of times to come


def test_before_and_after_lead_from_day_to_day(full: Any) -> None:
    browser = full.participant()
    page = browser.get("/measurements/day/2026-06-29").text
    assert 'rel="prev" href="/measurements/day/2026-06-28"' in page
    assert 'rel="next" href="/measurements/day/2026-06-30"' in page
    assert 'rel="prev"' not in browser.get("/measurements/day/2026-06-28").text
    assert 'rel="next"' not in browser.get("/measurements/day/2026-06-30").text


def test_at_midnight_the_day_is_over_and_the_next_one_runs(
    full: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = full.app.extensions[SERVICES].clock
    monkeypatch.setattr(type(clock), "now", lambda _self: now.replace(hour=0, minute=0))
    browser = full.participant()
    over = browser.get("/measurements/day/2026-06-29").text
    assert "so far" not in words_of(over)
    assert 'rel="next" href="/measurements/day/2026-06-30"' in over
    runs = words_of(browser.get("/measurements/day/2026-06-30").text)
    assert "so far" in runs
    assert "still to come" not in runs


@pytest.mark.parametrize(("path", "parts"), [("year/2026", "month"), ("month/2026-06", "day")])
def test_the_chart_of_a_longer_time_says_what_its_bars_are(full: Any, path: str, parts: str) -> None:
    page = full.participant().get(f"/measurements/{path}").text
    assert re.findall(r"<figcaption[^>]*>(Energy by [^<]+)<", page) == [f"Energy by {parts}"]


@pytest.mark.parametrize(
    ("query", "leads_to"),
    [
        ("date=2026-06-29", "/measurements/day/2026-06-29"),
        ("date=2026-06-29&span=week", "/measurements/week/2026-W27"),
        ("date=2026-06-29&span=year", "/measurements/year/2026"),
    ],
)
def test_a_date_is_found_by_a_form(full: Any, query: str, leads_to: str) -> None:
    answer = full.participant().get(f"/measurements/find?{query}")
    assert (answer.status_code, answer.location) == (303, leads_to)


@pytest.mark.parametrize("query", ["date=", "date=29.6.2026", "date=2026-06-29&span=age", "date=1812-01-01"])
def test_what_is_no_date_is_said_beside_the_field(full: Any, query: str) -> None:
    answer = full.participant().get(f"/measurements/find?{query}")
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.text
    assert "2026-06-30" in answer.text


def test_the_present_time_has_an_address_of_its_own(full: Any) -> None:
    assert full.participant().get("/measurements/week").location == "/measurements/week/2026-W27"


@pytest.mark.parametrize("path", ["day/2026-02-30", "week/2026-W60", "year/1812", "month/x", "hour/2026"])
def test_times_that_there_are_not_are_not_found(full: Any, path: str) -> None:
    assert full.participant().get(f"/measurements/{path}").status_code == 404


def test_times_without_measurements_say_so(full: Any) -> None:
    browser = full.participant()
    assert "still to come" in browser.get("/measurements/day/2026-07-01").text
    assert "holds no measurements of this time" in browser.get("/measurements/month/2020-01").text


def test_a_household_without_consent_is_told_why_nothing_is_there(device: Any, sample: Any) -> None:
    device.holds(*sample.meters())
    assert "there is no consent" in device.participant().get("/measurements").text


def test_a_meter_of_another_device_is_named_as_missing_here(full: Any, sample: Any) -> None:
    other = Meter(meter=sample.device, meter_type="PV_GENERATION", model="MT681", device=OTHER_DEVICE)
    full.holds(Device(device=OTHER_DEVICE, name="Garage").to_json(), other.to_json())
    browser = full.participant()
    for path in ("", "/day/2026-06-29", "/month/2026-06"):
        said = words_of(browser.get(f"/measurements{path}").text)
        assert "Generation meter MT681 is read by Garage; its measurements are on that device" in said
        assert "another device reads one of your meters" in said
        assert "Self-sufficiency" not in said


def test_one_odd_document_does_not_cost_the_others(full: Any, sample: Any) -> None:
    odd = next(doc for key, doc in full.replica.docs.items() if "2026-06-29T12:00" in key)
    odd["data"] = "nonsense"
    page = full.participant().get("/measurements/day/2026-06-29").text
    assert len(re.findall(r">400 W</td>", page)) == 87


def test_an_exchanged_meter_is_said_and_never_negative(device: Any, sample: Any, now: datetime) -> None:
    device.holds(*sample.meters(), sample.consent("granted", now - timedelta(days=1)))
    slot = slot_of(now)
    for number in range(8):
        device.holds(
            sample.measurement(
                slot - number * SLOT, sample.energy((9 - number) * 100 + 10**6 * (number // 4))
            )
        )
    browser = device.participant()
    for path in ("day/2026-06-30", "week/2026-W27"):
        said = words_of(browser.get(f"/measurements/{path}").text)
        assert "0.6 kWh Drawn" in said
        assert "a counter began anew" in said


def test_days_that_were_not_measured_to_their_ends_say_so(full: Any) -> None:
    said = words_of(full.participant().get("/measurements/week/2026-W27").text)
    assert re.search(r"Monday, 29 Jun 2026 9\.6 4\.8 14\.4 9\.6 50% 92%", said)
    assert re.search(r"Tuesday, 30 Jun 2026 .* 100% so far", said)
    said = words_of(full.participant().get("/measurements/month/2026-06").text)
    assert re.search(r"Sunday, 28 Jun 2026 .* 100% not the whole time", said)
