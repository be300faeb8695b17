"""What leaves a household for research, and above all what does not."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from anonymizer.household_facts import HouseholdFacts
from anonymizer.mapping import (
    anonymized_context,
    granted_context,
    research_gap,
    research_measurement,
    withdrawn_context,
)
from anonymizer.pseudonyms import Pseudonyms
from couch.blurring import Blurring
from couch.documents import (
    ConsentState,
    Context,
    ContextLocation,
    Gap,
    Location,
    Measurement,
    Meter,
    PvSystem,
    Registration,
)

HOUSEHOLD = "11111111-1111-4111-8111-111111111111"
DEVICE = "22222222-2222-4222-8222-222222222222"
METER = "44444444-4444-4444-8444-444444444444"
SYSTEM = "55555555-5555-4555-8555-555555555555"
NAMES = Pseudonyms(b"k" * 32)
SLOT = datetime(2025, 7, 1, 12, tzinfo=UTC)


ELSEWHERE = ContextLocation(latitude=54.0, longitude=10.0, anonymized=True)


def measurement(**change: Any) -> Measurement:
    return Measurement.from_json(
        {
            "_id": f"measurement:{METER}:2025-07-01T12:00:00Z",
            "_rev": "1-a",
            "type": "measurement",
            "meter": METER,
            "measured_at": "2025-07-01T12:00:04Z",
            "slot": "2025-07-01T12:00:00Z",
            "device": DEVICE,
            "data": [{"obis": "0100010800ff", "value": 12345, "scaler": -1, "unit": "Wh"}],
            "time": {"source": "synchronized", "boot": "boot-id", "monotonic_ms": 5, "meter_seconds": 99},
            **change,
        }
    )


def registration() -> Registration:
    return Registration.from_json(
        {
            "_id": "registration",
            "type": "registration",
            "contact": {"name": "Ada Lovelace", "email": "ada@example.org"},
            "address": {"street": "Musterweg", "house_number": "7", "postal_code": "24103", "city": "Kiel"},
            "metadata": {
                "children": 1,
                "adults": 2,
                "adults_with_job": 2,
                "ev_charger": True,
                "heat_pump": False,
                "home_battery": True,
                "remark": "the house with the red door",
            },
            "phone": "0431 123",
        }
    )


FACTS = HouseholdFacts(
    registration=registration(),
    location=Location(latitude=54.3, longitude=10.1, source="manual"),
    meters=(Meter(meter=METER, meter_type="PV_GENERATION", model="MT175", device=DEVICE),),
    pv_systems=(
        PvSystem(
            pv_system=SYSTEM,
            nominal_power_kw=8.4,
            azimuth_deg=180,
            tilt_deg=35,
            installed_on=date(2021, 5, 1),
            meters=(METER,),
        ),
    ),
)


def test_a_measurement_keeps_its_exact_readings_and_times() -> None:
    found = research_measurement(measurement(marks=["locked"]), HOUSEHOLD, NAMES)
    assert found is not None
    assert found.to_json() == {
        "_id": f"measurement:2025-07-01T12:00:00Z:{NAMES.meter(METER)}",
        "type": "research_measurement",
        "household": NAMES.household(HOUSEHOLD),
        "meter": NAMES.meter(METER),
        "slot": "2025-07-01T12:00:00Z",
        "measured_at": "2025-07-01T12:00:04Z",
        "time_source": "synchronized",
        "data": [{"obis": "0100010800ff", "value": 12345, "scaler": -1, "unit": "Wh"}],
        "marks": ["locked"],
    }


def test_fields_that_nobody_allowed_stay_in_the_household() -> None:
    odd = measurement(
        owner="Ada",
        data=[{"obis": "0100010800ff", "value": 1, "scaler": 0, "unit": "Wh", "serial": "1EMH0012345678"}],
        time={"source": "synchronized", "place": "cellar"},
    )
    found = research_measurement(odd, HOUSEHOLD, NAMES)
    assert found is not None
    text = json.dumps(found.to_json())
    for secret in ("Ada", "1EMH", "cellar", METER, DEVICE, HOUSEHOLD, "1-a"):
        assert secret not in text


@pytest.mark.parametrize("unit", [None, "", "kg", "Ada"])
def test_a_reading_that_is_no_quantity_stays_in_the_household(unit: str | None) -> None:
    serial = {"obis": "0100600100ff", "value": 12345678, "scaler": 0, "unit": unit}
    energy = {"obis": "0100010800ff", "value": 1, "scaler": 0, "unit": "Wh"}
    found = research_measurement(measurement(data=[serial, energy]), HOUSEHOLD, NAMES)
    assert found is not None
    assert [reading.obis for reading in found.data] == ["0100010800ff"]
    assert research_measurement(measurement(data=[serial]), HOUSEHOLD, NAMES) is None


def test_a_mark_that_is_no_word_of_ours_stays_in_the_household() -> None:
    found = research_measurement(measurement(marks=["sign_contradicts", "Ada 0431/123"]), HOUSEHOLD, NAMES)
    assert found is not None
    assert found.marks == ("sign_contradicts",)


def test_a_gap_keeps_its_run_and_cause() -> None:
    gap = Gap(meter=METER, from_slot=SLOT, to_slot=SLOT, cause="locked", device=DEVICE, extra={"note": "Ada"})
    assert research_gap(gap, HOUSEHOLD, NAMES).to_json() == {
        "_id": f"gap:2025-07-01T12:00:00Z:{NAMES.meter(METER)}",
        "type": "research_gap",
        "household": NAMES.household(HOUSEHOLD),
        "meter": NAMES.meter(METER),
        "from_slot": "2025-07-01T12:00:00Z",
        "to_slot": "2025-07-01T12:00:00Z",
        "cause": "locked",
    }


def test_the_context_holds_the_allowed_facts_under_pseudonyms() -> None:
    context = granted_context(FACTS, HOUSEHOLD, NAMES)
    assert context.id == f"context:{NAMES.household(HOUSEHOLD)}"
    assert context.metadata is not None
    assert context.metadata.adults == 2
    assert context.location == ContextLocation(latitude=54.3, longitude=10.1, anonymized=False)
    assert context.pv_systems[0].meters == (NAMES.meter(METER),)
    assert context.meters[0].model == "MT175"


def test_the_context_holds_no_name_address_or_uuid() -> None:
    text = json.dumps(granted_context(FACTS, HOUSEHOLD, NAMES).to_json())
    for secret in (
        *("Ada", "example.org", "Musterweg", "24103", "Kiel", "0431", "red door"),
        *(HOUSEHOLD, METER, SYSTEM, DEVICE),
    ):
        assert secret not in text


def test_a_household_of_which_nothing_is_known_has_an_empty_context() -> None:
    context = granted_context(HouseholdFacts(), HOUSEHOLD, NAMES)
    assert (context.metadata, context.location, context.meters) == (None, None, ())


def test_a_context_that_waits_for_its_anonymization_shows_neither_place_nor_installation() -> None:
    before = granted_context(FACTS, HOUSEHOLD, NAMES)
    after = withdrawn_context(before)
    assert (after.consent, after.location, after.pv_systems) == (ConsentState.REVOKED, None, ())
    assert (after.id, after.metadata, after.meters) == (before.id, before.metadata, before.meters)
    assert not after.anonymized


def test_an_anonymized_context_has_the_drawn_place_and_blurred_installations() -> None:
    exact = granted_context(FACTS, HOUSEHOLD, NAMES)
    after = anonymized_context(exact, ELSEWHERE, Blurring())
    assert (after.consent, after.anonymized, after.location) == (ConsentState.REVOKED, True, ELSEWHERE)
    (system,) = after.pv_systems
    assert (system.nominal_power_kw, system.installed_on.month, system.installed_on.day) == (
        round(exact.pv_systems[0].nominal_power_kw),
        1,
        1,
    )
    assert (system.azimuth_deg, system.meters) == (
        exact.pv_systems[0].azimuth_deg,
        exact.pv_systems[0].meters,
    )


def test_an_anonymized_context_is_never_withdrawn() -> None:
    anonymized = anonymized_context(granted_context(FACTS, HOUSEHOLD, NAMES), ELSEWHERE, Blurring())
    assert withdrawn_context(anonymized) is anonymized


def test_fields_that_somebody_added_to_a_context_go_with_the_revocation() -> None:
    odd = Context.from_json({**granted_context(FACTS, HOUSEHOLD, NAMES).to_json(), "street": "Musterweg"})
    for after in (withdrawn_context(odd), anonymized_context(odd, ELSEWHERE, Blurring())):
        assert "Musterweg" not in json.dumps(after.to_json())
