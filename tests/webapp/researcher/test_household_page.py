"""A household's page: its days, its energy, what was parked."""

from datetime import timedelta
from typing import Any

from couch.documents import ConsentState, Context, ContextMeter, DeviceSummary, Parked, Reading

METER = "e" * 32


def energy(watthours: int) -> Reading:
    return Reading(obis="0100010800ff", value=watthours, scaler=0, unit="Wh")


def test_it_shows_devices_and_what_was_parked(centre: Any, sample: Any, now: Any) -> None:
    beat = DeviceSummary(
        device=sample.device,
        name="Cellar",
        heartbeat_at=now,
        errors=("clock unknown",),
        versions={"survey": "0.1.0"},
    )
    one = sample.summary(1, devices=(beat,), email="erika@example.org")
    parked = Parked(
        household=one.household,
        document="measurement:x:y",
        document_rev="1-a",
        reason="other content",
        at=now,
    )
    centre.registry.put_once(one.to_json())
    centre.registry.put_once(parked.to_json())
    page = centre.signed_in("rosa").get(f"/households/{one.household}").text
    for words in ("Cellar", "clock unknown", "0.1.0", "erika@example.org", one.pseudonym, "other content"):
        assert words in page


def test_it_shows_energy_and_completeness_by_day(centre: Any, sample: Any, now: Any) -> None:
    one = sample.summary(
        1, consent=ConsentState.GRANTED, granted_at=now - timedelta(days=90), meters=1, last_slot=now
    )
    centre.registry.put_once(one.to_json())
    context = Context(
        household=one.pseudonym,
        consent=ConsentState.GRANTED,
        meters=(ContextMeter(meter=METER, meter_type="ELECTRICITY", model="MT175"),),
    )
    centre.server.databases["research"].put_once(context.to_json())
    month = centre.server.add("research-2026-06")
    start = now.replace(day=28, hour=0, minute=0)
    for number in range(96 + 48):  # all of the 28th, half of the 29th; 1 kWh a quarter hour
        slot = start + number * timedelta(minutes=15)
        month.put_once(sample.research(one.pseudonym, slot, energy(1000 * number), meter=METER))
    page = centre.signed_in("rosa").get(f"/households/{one.household}").text
    assert '<td class="heat-10">100</td>' in page
    assert '<td class="heat-5">50</td>' in page
    assert '<td class="number">96.0</td>' in page  # to the first value of the next day
    assert '<td class="number">47.0</td>' in page  # no next day: to its own last value
    assert "Drawn from the grid" in page


def test_an_erased_household_says_so_and_offers_no_correction(centre: Any, sample: Any) -> None:
    gone = sample.summary(1, name=None, city=None, erased=True, consent=ConsentState.REVOKED)
    centre.registry.put_once(gone.to_json())
    page = centre.signed_in("rosa").get(f"/households/{gone.household}").text
    assert "Erased household" in page
    assert "Correct the registration" not in page


def test_an_unknown_household_is_no_page(centre: Any, sample: Any) -> None:
    assert centre.signed_in("rosa").get(f"/households/{sample.household}").status_code == 404


def test_links_lead_only_to_pages_that_the_reader_may_open(centre: Any, sample: Any) -> None:
    one = sample.summary(1, devices=(DeviceSummary(device=sample.device, name="Cellar"),))
    centre.registry.put_once(one.to_json())
    for name, correction, device in (("rosa", True, False), ("adam", False, True)):
        page = centre.signed_in(name).get(f"/households/{one.household}").text
        assert (f"/households/{one.household}/edit" in page) is correction
        assert (f"/health/devices/{sample.device}" in page) is device
