"""The revocation against a database server: what is gone, what stays, who is told."""

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from anonymizer.erasure_record import find_erasure
from anonymizer.readings import Readings
from anonymizer.research_proof import prove
from anonymizer.revocation import NotRevoked
from anonymizer.status import as_text, read_status
from couch.bootstrap import security_consent
from couch.clock import Clock
from couch.documents import ConsentState, Erased, Erasure, Step
from couch.errors import AccessDenied, Fault, NotFound, Refused
from couch.names import REGISTRY, RESEARCH
from couch.research import measurements
from couch.retry_wishes import ask_by_name

START = datetime(2025, 6, 30, 23, 0, tzinfo=UTC)
FAR = START + timedelta(days=400)
NAMES = ("Ada", "example.org", "Kiel", "Musterweg", "24103", "cellar")


@pytest.fixture
def granted(centre: Any) -> Any:
    """A household whose grant is in effect, with measurements in two months."""
    household = centre.household()
    household.consent("granted")
    centre.take(household)
    household.measure(range(8))
    centre.take(household)
    return household


@pytest.fixture
def erased(centre: Any, granted: Any) -> Any:
    """A household whose revocation the worker carried out."""
    granted.consent("revoked", START + timedelta(hours=3))
    centre.take(granted)
    return granted


def record_of(centre: Any, household: Any) -> Erasure:
    found = find_erasure(centre.worker.database(REGISTRY), household.uuid)
    assert found is not None
    return found


def slots_in_research(centre: Any, household: Any) -> list[datetime]:
    pseudonym = centre.pseudonyms.household(household.uuid)
    return [row.slot for row in measurements(centre.worker, START, FAR) if row.household == pseudonym]


def visit(centre: Any, household: Any) -> None:
    """One visit whose errors the test sees."""
    with centre.connect() as connections:
        centre.new_worker()._visitor(household.uuid).visit(connections, threading.Event())


def test_every_step_is_noted_with_its_time_and_in_its_order(centre: Any, erased: Any) -> None:
    record = record_of(centre, erased)
    assert [each.step for each in record.steps] == list(Step)
    assert [each.at for each in record.steps] == sorted(each.at for each in record.steps)
    assert record.next_step is None


def test_research_keeps_the_measurements_and_a_drawn_place(centre: Any, erased: Any) -> None:
    assert slots_in_research(centre, erased) == [erased.measurement(slot).slot for slot in range(8)]
    context = centre.context(erased)
    assert (context["consent"], context["anonymized"]) == ("revoked", True)
    assert context["location"] == {
        "latitude": pytest.approx(54.4, abs=0.1),
        "longitude": pytest.approx(10.1, abs=0.1),
    } | {"anonymized": True}
    assert context["location"]["latitude"] != 54.3233
    (system,) = context["pv_systems"]
    assert (system["nominal_power_kw"], system["installed_on"]) == (8, "2021-01-01")


def test_the_record_counts_what_research_keeps_of_each_meter(centre: Any, erased: Any) -> None:
    record = record_of(centre, erased)
    assert [(kept.meter, kept.measurements, kept.gaps) for kept in record.kept] == [(erased.meter, 8, 0)]
    assert record.not_kept == {}


def test_the_database_is_made_anew_with_the_consents_alone(centre: Any, erased: Any) -> None:
    assert [doc["_id"] for doc in erased.admin.documents()] == ["consent:granted", "consent:revoked"]
    security = erased.admin.security()
    assert security["consent"] == {"state": "revoked", "erased": True}
    assert f"household:{erased.uuid}" in security["members"]["roles"]
    assert erased.admin.find("_design/rules") is not None


def test_the_registry_keeps_ids_and_times_and_no_name(centre: Any, erased: Any) -> None:
    summary = centre.summary(erased)
    assert (summary["name"], summary["email"], summary["city"]) == (None, None, None)
    assert (summary["erased"], summary["consent"]) == (True, "revoked")
    assert [device["device"] for device in summary["devices"]] == [erased.device]
    start, end = f"household:{erased.uuid}", f"household:{erased.uuid}"
    text = json.dumps(list(centre.worker.database(REGISTRY).documents(start=start, end=end)))
    for name in NAMES:
        assert name not in text


def test_no_revision_before_the_erasure_can_be_read_or_is_named(centre: Any, erased: Any) -> None:
    registry, research = centre.admin.database(REGISTRY), centre.admin.database(RESEARCH)
    context = centre.context(erased)
    for database, doc_id in ((registry, f"household:{erased.uuid}"), (research, context["_id"])):
        (leaf,) = database.leaves(doc_id)
        answer = database.server.transport.request(
            "GET", database.name, doc_id, params={"rev": leaf["_rev"], "revs": "true"}
        )
        revisions = answer["_revisions"]
        assert (revisions["start"], len(revisions["ids"])) in ((1, 1), (2, 2))
        for rev in revisions["ids"]:
            bodies = database.bulk_get([(doc_id, f"{revisions['start']}-{rev}")])
            assert "Ada" not in json.dumps(bodies)
            assert "54.3233" not in json.dumps(bodies)


def test_measurements_and_registrations_are_refused_afterwards(centre: Any, erased: Any) -> None:
    with pytest.raises(Refused, match="erased"):
        erased.as_device.put(erased.measurement(9).to_json())
    with pytest.raises(Refused, match="erased"):
        erased.worker.put({"_id": "location", "type": "location", "latitude": 1.0, "longitude": 1.0})


def test_a_confirmation_of_a_device_comes_into_the_record(centre: Any, erased: Any) -> None:
    assert record_of(centre, erased).outstanding == (erased.device,)
    word = Erased(device=erased.device, at=START + timedelta(days=1), unsent_measurements=3)
    erased.as_device.put(word.to_json())
    centre.take(erased)
    (device,) = record_of(centre, erased).devices
    assert (device.confirmed_at, device.unsent_measurements) == (START + timedelta(days=1), 3)
    assert record_of(centre, erased).outstanding == ()


def test_a_second_visit_changes_nothing(centre: Any, erased: Any) -> None:
    before = (centre.context(erased), record_of(centre, erased), erased.admin.info()["update_seq"])
    drawn = len(centre.draw.drawn)
    centre.take(erased)
    assert (
        centre.context(erased),
        record_of(centre, erased),
        erased.admin.info()["update_seq"],
    ) == before
    assert len(centre.draw.drawn) == drawn


def test_a_late_grant_before_the_worker_comes_has_no_effect(centre: Any) -> None:
    household = centre.household()
    household.consent("revoked")
    household.consent("granted", START + timedelta(hours=1))
    centre.take(household)
    assert security_consent(household.admin.security()) is ConsentState.REVOKED
    assert centre.context(household) is None, "consent was never in effect: research knows nothing"
    assert record_of(centre, household).next_step is None


def test_a_late_grant_after_the_erasure_is_refused(centre: Any, erased: Any) -> None:
    grant = erased.admin.get("consent:granted")
    with pytest.raises((Refused, AccessDenied)):
        erased.as_device.put({**grant, "at": "2025-08-01T00:00:00Z"})
    centre.take(erased)
    assert security_consent(erased.admin.security()) is ConsentState.REVOKED
    with pytest.raises(Refused):
        erased.as_device.put(erased.measurement(30).to_json())


def test_an_erased_household_that_was_opened_by_hand_is_closed_again(centre: Any, erased: Any) -> None:
    security = erased.admin.security()
    erased.admin.set_security({**security, "consent": {"state": "granted", "erased": False}})
    centre.take(erased)
    assert erased.admin.security()["consent"] == {"state": "revoked", "erased": True}


def test_what_stands_in_no_region_stands_still_until_it_is_tried_again(centre: Any, granted: Any) -> None:
    granted.consent("revoked", START + timedelta(hours=3))
    centre.draw.refusal = Fault("a household's location lies in no region.")
    try:
        centre.take(granted)
        assert centre.parked(granted) == {"erasure": "a household's location lies in no region."}
        assert security_consent(granted.admin.security()) is ConsentState.REVOKED
        assert granted.admin.find("location") is not None, "nothing is destroyed before the place was drawn"
        context = centre.context(granted)
        assert (context["consent"], context["location"]) == ("revoked", None), "nobody sees the exact place"
        (entry,) = [one for one in read_status(centre.worker)["erasures"] if one["household"] == granted.uuid]
        assert (entry["next_step"], entry["stands_still"]) == (
            "context_anonymized",
            "a household's location lies in no region.",
        )
        assert "stands still: a household's location" in as_text(read_status(centre.worker))
    finally:
        centre.draw.refusal = None
    assert ask_by_name(centre.worker, "erasure", Clock()) == 1
    assert centre.new_worker().catch_up(threading.Event()) == 0
    assert record_of(centre, granted).next_step is None
    assert centre.parked(granted) == {}
    assert centre.context(granted)["location"]["latitude"] != 54.3233
    assert len(list(centre.worker.database(REGISTRY).rows(start="retry:", end="retry;"))) == 0


def test_readings_that_research_cannot_take_are_counted_by_their_reason(centre: Any, granted: Any) -> None:
    broken = granted.measurement(20).to_json()
    del broken["time"]
    granted.as_device.put(broken)
    granted.push_forged(granted.measurement(0, value=7).to_json(), "1-" + "f" * 32)
    granted.consent("revoked", START + timedelta(hours=3))
    centre.take(granted)
    record = record_of(centre, granted)
    assert record.not_kept == {"unreadable": 1, "research keeps the first one seen": 1}
    assert [kept.measurements for kept in record.kept] == [7]
    assert centre.parked(granted) == {}, "notes of parked documents go with the household"


def test_a_measurement_that_was_lost_on_its_way_is_written_before_anything_is_destroyed(
    centre: Any, granted: Any
) -> None:
    lost = next(
        row
        for row in measurements(centre.worker, START, FAR)
        if row.household == centre.pseudonyms.household(granted.uuid)
    )
    month = centre.admin.database("research-2025-06")
    month.delete(lost.id, month.get(lost.id)["_rev"])
    granted.consent("revoked", START + timedelta(hours=3))
    centre.take(granted)
    assert len(slots_in_research(centre, granted)) == 8


def test_research_equals_a_recomputation_from_scratch_before_the_revocation(
    centre: Any, granted: Any
) -> None:
    worker = centre.new_worker()
    visitor = worker._visitor(granted.uuid)
    with centre.connect() as connections:
        seqs = {name: centre.admin.database(name).info()["update_seq"] for name in MONTHS}
        tally = prove(
            connections,
            granted.worker,
            Readings(granted.uuid, centre.pseudonyms, visitor.parking, worker.metrics),
        )
    assert [kept.measurements for kept in tally.meters()] == [8]
    assert tally.not_kept == {}
    assert seqs == {name: centre.admin.database(name).info()["update_seq"] for name in MONTHS}


MONTHS = ("research-2025-06", "research-2025-07")


def test_consent_that_is_not_revoked_erases_nothing(centre: Any, granted: Any) -> None:
    with centre.connect() as connections, pytest.raises(NotRevoked):
        centre.new_worker()._visitor(granted.uuid).revocation.revoke(connections, granted.uuid)
    assert granted.admin.find("registration") is not None


def test_a_lost_record_is_begun_again_and_ends_the_same(centre: Any, erased: Any) -> None:
    registry = centre.admin.database(REGISTRY)
    stored = registry.get(f"erasure:{erased.uuid}")
    context = centre.context(erased)["location"]
    registry.delete(stored["_id"], stored["_rev"])
    visit(centre, erased)
    assert record_of(centre, erased).next_step is None
    assert centre.context(erased)["location"] == context


def test_accounts_that_belonged_to_the_household_may_only_confirm(centre: Any, granted: Any) -> None:
    device = "11111111-0000-4000-8000-000000000001"
    own = centre.new_account(f"household:{granted.uuid}", f"device:{device}", "scope:measurement-write")
    person = centre.new_account(f"household:{granted.uuid}", "scope:household")
    granted.consent("revoked", START + timedelta(hours=3))
    centre.take(granted)
    assert set(own.session().roles) == {f"household:{granted.uuid}", f"device:{device}"}
    with pytest.raises((AccessDenied, NotFound)):
        person.session()
