"""The charts as pages: what they show, and that each state has an address."""

from datetime import timedelta
from typing import Any

import pytest

from couch.documents import ConsentState, Context, ContextMeter, ContextPvSystem, Reading
from webapp.researcher.figures import FIGURES, Figures
from webapp.researcher.heat_map import PAGE

GRID, ROOF = "a1" * 16, "b2" * 16


def watts(value: int) -> Reading:
    return Reading(obis="0100100700ff", value=value, scaler=0, unit="W")


@pytest.fixture
def measured(centre: Any, sample: Any, now: Any) -> Any:
    """A household that drew 400 W at two in the night, fed in 600 W and generated 1000 W at noon."""
    one = sample.summary(
        1, consent=ConsentState.GRANTED, granted_at=now - timedelta(days=40), meters=2, last_slot=now
    )
    centre.registry.put_once(one.to_json())
    context = Context(
        household=one.pseudonym,
        consent=ConsentState.GRANTED,
        meters=(
            ContextMeter(meter=GRID, meter_type="ELECTRICITY", model="MT175"),
            ContextMeter(meter=ROOF, meter_type="PV_GENERATION", model="DD3"),
        ),
        pv_systems=(
            ContextPvSystem(
                pv_system="c3" * 16,
                nominal_power_kw=9.9,
                azimuth_deg=180,
                tilt_deg=35,
                installed_on=now.date(),
            ),
        ),
    )
    centre.server.databases["research"].put_once(context.to_json())
    month = centre.server.add("research-2026-06")
    night = now.replace(day=29, hour=0, minute=0)  # a Monday; 02:00 in Germany
    noon = night + timedelta(hours=10)
    for slot, meter, power in ((night, GRID, 400), (noon, GRID, -600), (noon, ROOF, -1000)):
        month.put_once(sample.research(one.pseudonym, slot, watts(power), meter=meter))
    return one


def row(page: str, words: str) -> list[str]:
    """The cells of the table row that begins with `words`."""
    line = page.partition(f'<th scope="row">{words}</th>')[2].partition("</tr>")[0]
    return [cell.partition(">")[2].partition("<")[0] for cell in line.split("<td")[1:]]


@pytest.mark.parametrize(
    ("quantity", "shown"),
    [("drawn", ("02:00", "400")), ("fed_in", ("12:00", "600")), ("generated", ("12:00", "1,000"))],
)
@pytest.mark.parametrize("whose", ["", "&household="])
def test_load_profiles_of_all_and_of_one(
    centre: Any, measured: Any, quantity: str, shown: tuple[str, str], whose: str
) -> None:
    one = whose + (measured.pseudonym if whose else "")
    page = centre.signed_in("rosa").get(f"/charts/profiles?month=2026-06&quantity={quantity}{one}").text
    assert row(page, shown[0]) == [shown[1], "–"]
    assert 'aria-current="page"' in page


def test_an_unknown_household_has_no_profile(centre: Any) -> None:
    assert centre.signed_in("rosa").get(f"/charts/profiles?household={'9' * 32}").status_code == 404


def test_a_month_without_measurements_says_so(centre: Any, measured: Any) -> None:
    browser = centre.signed_in("rosa")
    for path in ("profiles", "feed-in"):
        assert "Nothing of this was measured in May 2026" in browser.get(f"/charts/{path}?month=2026-05").text


def test_energy_by_day(centre: Any, sample: Any, measured: Any, now: Any) -> None:
    month = centre.server.databases["research-2026-06"]
    for day, watthours in ((9, 1000), (10, 8500)):
        slot = now.replace(day=day, hour=0, minute=0)
        reading = Reading(obis="0100020800ff", value=watthours, scaler=0, unit="Wh")
        month.put_once(sample.research(measured.pseudonym, slot, reading, meter=GRID))
    page = centre.signed_in("rosa").get("/charts/feed-in?month=2026-06").text
    assert row(page, "9 Jun 2026") == ["–", "7.5 ", "–"]


def test_the_heat_map_is_paged_by_pseudonym(centre: Any, sample: Any, now: Any) -> None:
    for number in range(PAGE + 3):
        one = sample.summary(number, granted_at=now - timedelta(days=3), meters=1)
        centre.registry.put_once(one.to_json())
    month = centre.server.add("research-2026-06")
    day = now.replace(day=29, hour=0, minute=0)
    for number in range(96):
        month.put_once(sample.research(f"{0:032x}", day + number * timedelta(minutes=15)))
    browser = centre.signed_in("rosa")
    first = browser.get("/charts/completeness").text
    assert first.count('<td class="heat-10">100</td>') == 1
    second = browser.get(f"/charts/completeness?month=2026-06&after={PAGE - 1:032x}").text
    assert (first.count('class="code"'), second.count('class="code"')) == (PAGE, 3)
    assert f"after={PAGE - 1:032x}" in first
    assert "Next page" not in second


def test_installations_are_counted_in_classes(centre: Any, measured: Any) -> None:
    page = centre.signed_in("rosa").get("/charts/installations").text
    assert row(page, "180–195") == ["1"]
    assert row(page, "30–40") == ["1"]
    assert row(page, "8–10") == ["1"]
    assert "<strong>10</strong> kW together" in page


def test_consent_over_time(centre: Any, sample: Any, now: Any) -> None:
    day = timedelta(days=1)
    for number, (granted, revoked) in enumerate(((9, None), (9, 2), (5, None), (None, 3))):
        centre.registry.put_once(
            sample.summary(
                number,
                granted_at=None if granted is None else now - granted * day,
                revoked_at=None if revoked is None else now - revoked * day,
            ).to_json()
        )
    page = centre.signed_in("rosa").get("/charts/consent").text
    assert row(page, "21 Jun 2026") == ["2", "0", "2", "0", "2"]
    assert row(page, "28 Jun 2026") == ["0", "1", "3", "1", "2"]


def test_figures_that_are_not_there_yet_are_not_waited_for(centre: Any, measured: Any) -> None:
    centre.app.extensions[FIGURES] = Figures(
        lambda: centre.server, centre.app.extensions["survey_services"].clock, submit=lambda _work: None
    )
    browser = centre.signed_in("rosa")
    for path in ("profiles", "feed-in", "installations"):
        assert "Load the page again in a moment" in browser.get(f"/charts/{path}").text
    assert "are being counted" in browser.get("/households").text


@pytest.mark.parametrize("path", ["consent", "profiles", "feed-in", "completeness", "installations"])
def test_an_empty_survey_has_pages_too(centre: Any, path: str) -> None:
    browser = centre.signed_in("rosa")
    assert browser.get(f"/charts/{path}").status_code == 200
    assert browser.get("/charts").location == "/charts/consent"
