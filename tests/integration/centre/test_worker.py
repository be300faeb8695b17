"""The worker against a database server: consent into effect, readings into research, nothing twice."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from couch.bootstrap import ensure_database, household_security, security_consent
from couch.documents import Consent, ConsentState, Heartbeat, ResearchMeasurement
from couch.errors import AccessDenied, Refused
from couch.names import REGISTRY, RESEARCH, household_database
from couch.research import completeness, day_counters, measurements

START = datetime(2025, 6, 30, 23, 0, tzinfo=UTC)
FAR = START + timedelta(days=400)
WITHIN_S = 30


def of_household(centre: Any, household: Any) -> list[ResearchMeasurement]:
    """What research holds of the household, in order."""
    pseudonym = centre.pseudonyms.household(household.uuid)
    return [found for found in measurements(centre.worker, START, FAR) if found.household == pseudonym]


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    ends = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        threading.Event().wait(0.05)


@pytest.fixture
def granted(centre: Any) -> Any:
    """A household whose grant is in effect at the centre."""
    household = centre.household()
    household.consent("granted")
    centre.take(household)
    return household


def test_a_measurement_is_refused_until_the_worker_has_put_the_grant_into_effect(centre: Any) -> None:
    household = centre.household()
    centre.take(household)
    household.consent("granted")
    with pytest.raises(Refused, match="not granted"):
        household.as_device.put(household.measurement(0).to_json())
    centre.take(household)
    household.measure([0])
    assert security_consent(household.admin.security()) is ConsentState.GRANTED


def test_measurements_reach_research_under_pseudonyms_across_a_turn_of_the_month(
    centre: Any, granted: Any
) -> None:
    granted.measure(range(8))
    centre.take(granted)
    found = of_household(centre, granted)
    assert [measurement.slot for measurement in found] == [
        START + number * timedelta(minutes=15) for number in range(8)
    ]
    assert [reading.value for measurement in found for reading in measurement.data] == list(range(1000, 1008))
    assert {"research-2025-06", "research-2025-07"} <= set(centre.admin.database_names("research-"))


def test_research_holds_no_name_and_no_uuid_of_the_household(centre: Any, granted: Any) -> None:
    granted.measure([0])
    centre.take(granted)
    everything = json.dumps(
        [
            *centre.worker.database(RESEARCH).documents(),
            *centre.worker.database("research-2025-06").documents(),
        ]
    )
    assert centre.pseudonyms.household(granted.uuid) in everything
    for secret in (granted.uuid, granted.device, granted.meter, "Ada", "example.org", "Kiel", "boot-8f1c"):
        assert secret not in everything


def test_a_second_start_takes_nothing_again(centre: Any, granted: Any) -> None:
    granted.measure([0, 1])
    centre.take(granted)
    again = centre.take(granted)
    assert again.metrics["documents"] == 0
    assert len(of_household(centre, granted)) == 2


def test_work_whose_sequence_was_never_saved_is_done_again_without_harm(centre: Any, granted: Any) -> None:
    granted.measure(range(50))
    centre.take(granted)
    registry = centre.worker.database(REGISTRY)
    registry.put_local(f"worker:{granted.uuid}", {})
    again = centre.take(granted)
    assert again.metrics["measurements"] == 50
    assert len(of_household(centre, granted)) == 50
    assert centre.parked(granted) == {}


def test_a_revocation_takes_effect_and_what_was_measured_stays(centre: Any, granted: Any) -> None:
    granted.measure([0])
    granted.consent("revoked", START + timedelta(hours=1))
    centre.take(granted)
    assert centre.context(granted)["consent"] == "revoked"
    assert security_consent(granted.admin.security()) is ConsentState.REVOKED
    assert len(of_household(centre, granted)) == 1, "what was measured under consent stays"
    with pytest.raises(Refused, match="household was erased"):
        granted.as_device.put(granted.measurement(1).to_json())


def test_a_grant_after_the_revocation_changes_nothing(centre: Any) -> None:
    household = centre.household()
    household.consent("revoked")
    centre.take(household)
    with pytest.raises(Refused, match="erased"):
        household.consent("granted", START + timedelta(hours=1))
    centre.take(household)
    assert security_consent(household.admin.security()) is ConsentState.REVOKED
    assert centre.context(household) is None
    assert centre.summary(household)["consent"] == "revoked"


def test_consent_that_was_lowered_by_hand_is_raised_at_the_next_start(centre: Any, granted: Any) -> None:
    granted.admin.set_security(household_security(granted.uuid))
    centre.take(granted)
    assert security_consent(granted.admin.security()) is ConsentState.GRANTED


def test_a_forged_revision_that_wins_is_parked_and_never_copied(centre: Any, granted: Any) -> None:
    granted.measure([0])
    centre.take(granted)
    granted.push_forged(granted.measurement(0, value=7).to_json(), "1-" + "f" * 32)
    centre.take(granted)
    found = of_household(centre, granted)
    assert [measurement.data[0].value for measurement in found] == [1000]
    assert "differs" in centre.parked(granted)[granted.measurement(0).id]


def test_a_forged_revision_that_loses_is_parked_too(centre: Any, granted: Any) -> None:
    granted.measure([0])
    centre.take(granted)
    granted.push_forged(granted.measurement(0, value=7).to_json(), "1-" + "0" * 32)
    centre.take(granted)
    assert [measurement.data[0].value for measurement in of_household(centre, granted)] == [1000]
    assert granted.measurement(0).id in centre.parked(granted)


def test_a_second_grant_that_says_something_else_is_parked(centre: Any, granted: Any) -> None:
    other = Consent.from_json(granted.as_device.get("consent:granted")).to_json() | {
        "at": "2025-07-02T00:00:00Z"
    }
    granted.push_forged(other, "1-" + "f" * 32)
    centre.take(granted)
    assert "consent:granted" in centre.parked(granted)
    assert centre.summary(granted)["granted_at"] == "2025-06-30T23:00:00Z"


def test_a_document_that_breaks_its_model_is_parked_and_the_rest_goes_on(centre: Any, granted: Any) -> None:
    broken = granted.measurement(0).to_json()
    del broken["time"]  # which the rules let in
    granted.as_device.put(broken)
    granted.measure([1])
    centre.take(granted)
    assert len(of_household(centre, granted)) == 1
    assert "time" in centre.parked(granted)[broken["_id"]]


def test_a_measurement_of_another_household_s_meter_is_parked(centre: Any, granted: Any) -> None:
    stranger = centre.household()
    stranger.consent("granted")
    centre.take(stranger)
    stranger.meter = granted.meter
    stranger.measure([3])
    centre.take(stranger)
    assert of_household(centre, stranger) == []
    assert "not registered" in centre.parked(stranger)[stranger.measurement(3).id]
    granted.measure([3])
    centre.take(granted)
    assert len(of_household(centre, granted)) == 1


def test_a_meter_taken_out_of_use_still_counts(centre: Any, granted: Any) -> None:
    meter = granted.worker.get(f"meter:{granted.meter}")
    granted.worker.delete(meter["_id"], meter["_rev"])
    granted.measure([0])
    centre.take(granted)
    assert len(of_household(centre, granted)) == 1


def test_a_corrected_document_leaves_the_parking(centre: Any) -> None:
    household = centre.household()
    registration = household.worker.get("registration")
    rev = household.worker.put({**registration, "contact": {"name": "x"}})
    centre.take(household)
    assert "registration" in centre.parked(household)
    household.worker.put({**registration, "_rev": rev})
    centre.take(household)
    assert centre.parked(household) == {}


def test_the_registry_says_who_where_and_how_it_goes(centre: Any, granted: Any) -> None:
    granted.measure([0, 5])
    beat = Heartbeat(device=granted.device, at=START, backlog=3, versions={"survey": "0.1.0"})
    granted.as_device.put(beat.to_json())
    centre.take(granted)
    summary = centre.summary(granted)
    assert (summary["name"], summary["city"], summary["consent"]) == ("Ada Lovelace", "Kiel", "granted")
    assert (summary["last_slot"], summary["meters"]) == ("2025-07-01T00:15:00Z", 1)
    assert summary["devices"][0]["backlog"] == 3
    assert summary["pseudonym"] == centre.pseudonyms.household(granted.uuid)


def test_a_database_made_anew_is_read_from_its_beginning(centre: Any, granted: Any) -> None:
    granted.measure([0])
    centre.take(granted)
    name = household_database(granted.uuid)
    # CouchDB tells incarnations apart by the second in which they were created
    until(lambda: int(time.time()) > int(granted.admin.info()["instance_start_time"]))
    centre.admin.delete_database(name)
    ensure_database(centre.admin, name, "household", household_security(granted.uuid))
    granted.consent("granted")
    granted.consent("revoked")
    centre.take(granted)
    assert centre.summary(granted)["consent"] == "revoked"
    assert centre.summary(granted)["name"] is None
    assert security_consent(granted.admin.security()) is ConsentState.REVOKED


def test_a_household_that_is_gone_stops_nobody(centre: Any, granted: Any) -> None:
    worker = centre.new_worker()
    worker.backlog.add("00000000-0000-4000-8000-000000000000")
    granted.measure([0])
    assert worker.catch_up(threading.Event()) == 0
    assert len(of_household(centre, granted)) == 1


def test_the_worker_follows_what_happens(centre: Any) -> None:
    with centre.following():
        household = centre.household()
        household.consent("granted")
        until(lambda: security_consent(household.admin.security()) is ConsentState.GRANTED)
        household.measure([0])
        until(lambda: len(of_household(centre, household)) == 1)


def test_central_views_read_the_months(centre: Any, granted: Any) -> None:
    granted.measure(range(8))
    centre.take(granted)
    pseudonym = centre.pseudonyms.household(granted.uuid)
    days = list(day_counters(centre.worker, START - timedelta(days=1), FAR, household=pseudonym))
    assert [(str(day.day), round(day.energy_wh, 3), day.slots) for day in days] == [
        ("2025-06-30", 0.3, 4),
        ("2025-07-01", 0.3, 4),
    ]
    counts = list(completeness(centre.worker, START - timedelta(days=1), FAR, household=pseudonym))
    assert [(str(entry.day), entry.slots) for entry in counts] == [("2025-06-30", 4), ("2025-07-01", 4)]


def test_a_range_of_time_is_half_open_and_goes_on_after_an_id(centre: Any, granted: Any) -> None:
    granted.measure(range(8))
    centre.take(granted)
    quarter = timedelta(minutes=15)
    pseudonym = centre.pseudonyms.household(granted.uuid)

    def slots(*, after: str | None = None) -> list[datetime]:
        rows = measurements(centre.worker, START + quarter, START + 6 * quarter, after=after)
        return [row.slot for row in rows if row.household == pseudonym]

    assert slots() == [START + number * quarter for number in (1, 2, 3, 4, 5)]
    third = next(row for row in of_household(centre, granted) if row.slot == START + 3 * quarter)
    assert slots(after=third.id) == [START + number * quarter for number in (4, 5)]


def test_a_device_reads_neither_research_nor_registry(centre: Any, granted: Any) -> None:
    granted.measure([0])
    centre.take(granted)
    for name in (RESEARCH, REGISTRY, "research-2025-06"):
        with pytest.raises(AccessDenied):
            list(centre.device_server.database(name).documents())


def test_catching_up_takes_every_household(centre: Any) -> None:
    households = [centre.household() for _ in range(3)]
    for household in households:
        household.consent("granted")
    assert centre.new_worker().catch_up(threading.Event()) == 0
    assert [centre.summary(household)["consent"] for household in households] == ["granted"] * 3
