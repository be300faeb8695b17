"""The registry's summary of a household."""

from datetime import UTC, datetime, timedelta

from anonymizer.household_facts import HouseholdFacts
from anonymizer.summaries import erased, heard_from, measured, summarize
from couch.documents import (
    Address,
    Author,
    Consent,
    ConsentState,
    Contact,
    Device,
    Heartbeat,
    HouseholdSummary,
    Metadata,
    Meter,
    Registration,
)

HOUSEHOLD = "11111111-1111-4111-8111-111111111111"
DEVICE = "22222222-2222-4222-8222-222222222222"
OTHER = "33333333-3333-4333-8333-333333333333"
NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)
FRESH = HouseholdSummary(household=HOUSEHOLD, pseudonym="a" * 32)
FACTS = HouseholdFacts(
    registration=Registration(
        contact=Contact(name="Ada", email="ada@example.org"),
        address=Address(street="Musterweg", postal_code="24103", city="Kiel"),
        metadata=Metadata(
            children=0, adults=1, adults_with_job=1, ev_charger=False, heat_pump=False, home_battery=False
        ),
    ),
    meters=(Meter(meter=OTHER, meter_type="ELECTRICITY", model="EHZ"),),
    devices=(Device(device=DEVICE, name="cellar"),),
    heartbeats=(Heartbeat(device=DEVICE, at=NOON, backlog=2),),
    granted=Consent(state="granted", at=NOON, by=Author(role="participant")),
)


def test_a_summary_says_who_where_and_since_when() -> None:
    summary = summarize(FRESH, FACTS, ConsentState.GRANTED, NOON)
    assert (summary.name, summary.email, summary.city) == ("Ada", "ada@example.org", "Kiel")
    assert (summary.consent, summary.granted_at, summary.meters) == (ConsentState.GRANTED, NOON, 1)
    assert [(device.name, device.backlog) for device in summary.devices] == [("cellar", 2)]


def test_a_household_without_registration_loses_its_name() -> None:
    before = summarize(FRESH, FACTS, ConsentState.GRANTED, NOON)
    after = summarize(before, HouseholdFacts(), ConsentState.REVOKED, NOON)
    assert (after.name, after.email, after.city, after.devices) == (None, None, None, ())


def test_a_heartbeat_changes_its_device_alone() -> None:
    before = summarize(
        FRESH,
        HouseholdFacts(
            devices=(Device(device=DEVICE, name="cellar"), Device(device=OTHER, name="roof")),
        ),
        ConsentState.GRANTED,
        NOON,
    )
    after = heard_from(before, [Heartbeat(device=OTHER, at=NOON, refused=1, errors=("head lost",))], NOON)
    assert after.devices[0] == before.devices[0]
    assert (after.devices[1].heartbeat_at, after.devices[1].refused) == (NOON, 1)
    assert after.devices[1].name == "roof"


def test_what_the_device_says_of_itself_is_taken_over() -> None:
    said = {
        "conflicts": 1,
        "clock": "unsynchronized",
        "certificate_ends": NOON + timedelta(days=9),
        "disk_free_bytes": 10**9,
        "temperature_c": 51.5,
        "versions": {"survey": "0.1.0"},
    }
    before = summarize(FRESH, FACTS, ConsentState.GRANTED, NOON)
    [device] = heard_from(before, [Heartbeat(device=DEVICE, at=NOON, **said)], NOON).devices  # type: ignore[arg-type]
    assert {name: getattr(device, name) for name in said} == said


def test_when_a_device_was_heard_is_told_by_the_centre_s_clock() -> None:
    later = NOON + timedelta(hours=3)
    before = summarize(FRESH, HouseholdFacts(devices=FACTS.devices), ConsentState.GRANTED, NOON)
    assert (before.devices[0].listed_at, before.devices[0].heard_at) == (NOON, None)
    after = heard_from(before, [Heartbeat(device=DEVICE, at=NOON)], later)
    assert (after.devices[0].heartbeat_at, after.devices[0].heard_at) == (NOON, later)
    again = heard_from(after, [Heartbeat(device=DEVICE, at=NOON)], later + timedelta(hours=1))
    assert again.devices[0].heard_at == later  # read again, it is no sign of life
    assert summarize(again, FACTS, ConsentState.GRANTED, later).devices[0].listed_at == NOON


def test_a_backlog_is_dated_from_when_it_stopped_shrinking() -> None:
    summary = summarize(FRESH, HouseholdFacts(devices=FACTS.devices), ConsentState.GRANTED, NOON)
    since = []
    for hour, backlog in enumerate([0, 4, 4, 9, 3, 5, None, 0]):
        at = NOON + timedelta(hours=hour)
        summary = heard_from(summary, [Heartbeat(device=DEVICE, at=at, backlog=backlog)], at)
        begun = summary.devices[0].backlog_since
        since.append(None if begun is None else (begun - NOON) // timedelta(hours=1))
    assert since == [None, 1, 1, 1, 4, 4, None, None]


def test_a_heartbeat_of_a_device_that_nobody_registered_is_left_out() -> None:
    assert heard_from(FRESH, [Heartbeat(device=OTHER, at=NOON)], NOON).devices == ()


def test_the_last_slot_never_goes_back() -> None:
    later = measured(FRESH, NOON)
    assert later.last_slot == NOON
    assert measured(later, NOON - timedelta(hours=1)) is later
    assert measured(later, None) is later


def test_nothing_that_a_device_said_outlives_an_erasure() -> None:
    [device] = erased(summarize(FRESH, FACTS, ConsentState.REVOKED, NOON)).devices
    assert (device.device, device.name, device.heard_at, device.backlog) == (DEVICE, "", None, None)
