"""The registration as stored, whole, and what reads what."""

from typing import Any

from couch.documents import Device, Location, Meter, PvSystem
from webapp.participant.wiring import wiring

ONE, TWO, THREE = (f"6f000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))


def system(number: str, *meters: str) -> PvSystem:
    return PvSystem.from_json(
        {
            "type": "pv_system",
            "pv_system": number,
            "nominal_power_kw": 9.8,
            "azimuth_deg": 180,
            "tilt_deg": 35,
            "installed_on": "2021-05-04",
            "meters": list(meters),
        }
    )


def test_a_system_hangs_on_its_meter_and_the_meter_on_its_device() -> None:
    device = Device(device=ONE, name="Cellar")
    read = Meter(meter=TWO, meter_type="PV_GENERATION", model="DD3", device=ONE)
    loose = Meter(
        meter=THREE, meter_type="ELECTRICITY", model="MT175", device=TWO
    )  # nobody knows that device
    found = wiring([device], [read, loose], [system(ONE, TWO), system(TWO)])
    assert [(each.device, [one.meter for one in each.meters]) for each in found.devices] == [
        (device, [read]),
        (None, [loose]),
    ]
    assert [one.pv_system for one in found.devices[0].meters[0].pv_systems] == [ONE]
    assert [one.pv_system for one in found.uncounted] == [TWO]


def test_the_page_shows_all_of_it_with_the_language_s_numbers(device: Any, sample: Any) -> None:
    device.holds(
        sample.registration(),
        *sample.meters(),
        Location(latitude=50.93333, longitude=6.95, source="manual").to_json(),
        system(ONE, sample.generation_meter).to_json(),
        system(TWO).to_json(),
    )
    browser = device.participant()
    page = browser.get("/registration").text
    for words in (
        "50.9333° north",
        "set by hand",
        "9.80 kW",
        "4 May 2021",
        "Counted by no meter of its own",
        "Read by no device yet",
        "this one",
        sample.generation_meter,
        "/registration/reports",
    ):
        assert words in page, words
    german = browser.get("/registration", headers={"Accept-Language": "de"}).text
    for words in ("50,9333° Nord", "9,80 kW", "04.05.2021"):
        assert words in german


def test_one_odd_record_does_not_cost_the_others(device: Any, sample: Any) -> None:
    device.holds(sample.registration(), *sample.meters())
    device.holds({"_id": "pv_system:odd", "type": "pv_system", "nominal_power_kw": "much"})
    page = device.participant().get("/registration").text
    assert "1 record of the registration cannot be shown here" in page
    assert "MT175" in page
