"""Measurements that come in here, and the two steps of consent."""

from typing import Any

import pytest

PATH = "/household/meter/measurement"
CONSENT = "/household/consent"


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def test_a_measurement_is_stored_as_the_calling_devices(api: Any, measurement: Any) -> None:
    api.household.docs.pop(f"measurement:{measurement['meter']}:{measurement['slot']}")
    answer = api.ask("POST", PATH, json=measurement)
    assert answer.status_code == 201
    stored = api.household.docs[answer.json["id"]]
    assert stored["device"] == api.sample.device
    assert stored["data"] == measurement["data"]
    assert stored["time"] == measurement["time"]
    assert stored["marks"] == ["power_sign"]
    (read,) = api.get(answer.headers["Location"]).json["items"]
    assert read == answer.json


def test_the_same_measurement_again_is_the_same_answer(api: Any, measurement: Any) -> None:
    new = {**measurement, "slot": "2026-06-30T12:15:00Z"}
    first, again = (api.ask("POST", PATH, json=new) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert first.headers["Location"] == again.headers["Location"]


def test_what_replication_brought_is_not_stored_twice(api: Any) -> None:
    slot = "2026-06-30T12:00:00Z"
    stored = api.household.docs[f"measurement:{api.sample.meter}:{slot}"]
    same = {name: stored[name] for name in ("meter", "measured_at", "slot", "data", "time", "marks")}
    same["time"] = {"source": stored["time"]["source"]}
    assert api.ask("POST", PATH, json=same).status_code == 200


def test_other_content_in_the_same_slot_is_refused_for_good(api: Any, measurement: Any) -> None:
    answer = api.ask("POST", PATH, json=measurement)
    assert (answer.status_code, answer.json["type"]) == (409, "/api#measurement-differs")
    assert api.household.docs[f"measurement:{api.sample.meter}:{measurement['slot']}"]["marks"] == []


def test_what_the_thesis_models_is_enough(api: Any, measurement: Any) -> None:
    given = without({**measurement, "measured_at": "2026-06-30T14:29:59.5+02:00"}, "slot", "time", "marks")
    api.household.docs.pop(f"measurement:{measurement['meter']}:{measurement['slot']}")
    answer = api.ask("POST", PATH, json=given)
    assert answer.status_code == 201
    assert answer.json["measured_at"] == "2026-06-30T12:29:59Z"
    assert answer.json["slot"] == "2026-06-30T12:15:00Z"
    assert answer.json["time"]["source"] == "unsynchronized"


@pytest.mark.parametrize(
    ("state", "recorded", "name"),
    [
        ("not_granted", None, "consent-not-granted"),
        ("not_granted", "granted", "consent-not-granted"),
        ("not_granted", "revoked", "consent-revoked"),
        ("granted", "revoked", "consent-revoked"),
        ("revoked", "revoked", "consent-revoked"),
        ("revoked", "granted", "consent-revoked"),
    ],
)
def test_no_measurement_unless_consent_is_granted(
    api: Any, measurement: Any, state: str, recorded: str | None, name: str
) -> None:
    api.household.state = state
    api.household.docs.pop("consent:granted")
    if recorded:
        api.household.put_once(api.sample.consent(recorded))
    before = dict(api.household.docs)
    answer = api.ask("POST", PATH, json=measurement)
    assert answer.status_code == (403 if name == "consent-revoked" else 409)
    assert answer.json["type"] == f"/api#{name}"
    assert answer.json["consent"] == ("revoked" if name == "consent-revoked" else "not_granted")
    # A recorded grant takes effect by itself: this one is worth sending again.
    assert ("Retry-After" in answer.headers) == ((state, recorded) == ("not_granted", "granted"))
    assert api.household.docs == before


def test_the_rules_of_the_database_have_the_last_word(api: Any, measurement: Any) -> None:
    api.household.docs.pop(f"measurement:{measurement['meter']}:{measurement['slot']}")
    api.household.breaks = "measurement: only the device itself may write this"
    answer = api.ask("POST", PATH, json=measurement)
    assert (answer.status_code, answer.json["type"]) == (403, "/api#rules-refused")
    assert "only the device itself" in answer.json["detail"]


@pytest.mark.parametrize(
    "meter", ["5f000000-0000-4000-8000-0000000000f1", "5f000000-0000-4000-8000-0000000000f2"]
)
def test_a_meter_of_others_is_as_unknown_as_one_that_nobody_has(
    api: Any, measurement: Any, meter: str
) -> None:
    answer = api.ask("POST", PATH, json={**measurement, "meter": meter})
    assert (answer.status_code, answer.json["type"]) == (404, "/api#unknown-meter")
    assert meter not in answer.text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"meter": "1"}, "meter"),
        ({"meter": "5F000000-0000-4000-8000-000000000001"}, "meter"),
        ({"meter": "5f000000-0000-4000-8000-000000000001\n"}, "meter"),
        ({"measured_at": "2026-06-30T12:00:03"}, "measured_at"),
        ({"measured_at": "1969-12-31T23:59:59Z"}, "measured_at"),
        ({"measured_at": "0001-01-01T00:00:00+10:00"}, "measured_at"),
        ({"slot": "2026-06-30T12:07:00Z"}, "slot"),
        ({"data": []}, "data"),
        ({"data": [{"obis": "1.8.0", "value": 1, "scaler": 0}]}, "data[0].obis"),
        ({"data": [{"obis": "0100010800ff\n", "value": 1, "scaler": 0}]}, "data[0].obis"),
        ({"data": [{"obis": "0100010800ff", "value": 1.5, "scaler": 0}]}, "data[0].value"),
        ({"data": [{"obis": "0100010800ff", "value": 2**63, "scaler": 0}]}, "data[0].value"),
        ({"data": [{"obis": "0100010800ff", "value": 1, "scaler": 25}]}, "data[0].scaler"),
        ({"data": [{"obis": "0100010800ff", "value": 1, "scaler": 0, "name": "x"}]}, "data[0]"),
        ({"time": {"source": "guessed"}}, "time.source"),
        ({"marks": ["No Mark"]}, "marks[0]"),
        ({"device": "5f000000-0000-4000-8000-00000000aaaa"}, "the whole"),
        ({"_id": "consent:granted"}, "the whole"),
    ],
)
def test_what_breaks_the_schema_is_refused_by_name(
    api: Any, measurement: Any, change: dict[str, Any], field: str
) -> None:
    before = dict(api.household.docs)
    answer = api.ask("POST", PATH, json={**measurement, **change})
    assert (answer.status_code, answer.json["type"]) == (422, "/api#invalid")
    assert answer.json["errors"][0]["field"] == field
    assert api.household.docs == before


@pytest.mark.parametrize("name", ["meter", "measured_at", "data"])
def test_what_must_be_there_is_asked_for(api: Any, measurement: Any, name: str) -> None:
    answer = api.ask("POST", PATH, json=without(measurement, name))
    assert answer.json["type"] == "/api#invalid"
    assert name in answer.json["detail"]


# --- consent


@pytest.fixture
def undecided(api: Any) -> Any:
    del api.household.docs["consent:granted"]
    api.household.state = "not_granted"
    return api


def test_granting_records_what_the_page_records(undecided: Any) -> None:
    answer = undecided.ask("POST", CONSENT)
    assert (answer.status_code, answer.json["state"]) == (201, "granted")
    stored = undecided.household.docs["consent:granted"]
    assert stored["by"] == {"role": "participant", "device": undecided.sample.device}
    assert stored["at"] == answer.json["granted_at"] == "2026-06-30T12:07:00Z"


def test_granting_happens_once(api: Any) -> None:
    before = dict(api.household.docs)
    answer = api.ask("POST", CONSENT)
    assert (answer.status_code, answer.json["type"]) == (409, "/api#consent-stands")
    assert answer.json["consent"] == "granted"
    assert api.household.docs == before


def test_revoking_records_what_starts_the_anonymization(api: Any) -> None:
    answer = api.ask("DELETE", CONSENT)
    assert (answer.status_code, answer.json["state"]) == (200, "revoked")
    assert answer.json["granted_at"] == "2026-06-29T12:07:00Z"
    assert api.household.docs["consent:revoked"]["state"] == "revoked"
    assert "consent:granted" in api.household.docs


def test_revoking_without_a_grant_is_valid(undecided: Any) -> None:
    assert undecided.ask("DELETE", CONSENT).json["state"] == "revoked"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_revocation_cannot_be_reversed_nor_repeated(api: Any, method: str) -> None:
    api.ask("DELETE", CONSENT)
    before = dict(api.household.docs)
    answer = api.ask(method, CONSENT)
    assert (answer.status_code, answer.json["type"]) == (409, "/api#consent-ended")
    assert "cannot be reversed" in answer.json["detail"]
    assert api.household.docs == before


def test_two_at_once_record_one_step(undecided: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    household = undecided.household
    put_once = type(household).put_once

    def after_another(self: Any, doc: Any) -> bool:
        put_once(self, undecided.sample.consent("granted"))  # the page was quicker
        return put_once(self, doc)

    monkeypatch.setattr(type(household), "put_once", after_another)
    assert undecided.ask("POST", CONSENT).json["type"] == "/api#consent-stands"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_step_takes_no_body(api: Any, method: str) -> None:
    answer = api.ask(method, CONSENT, json={"sure": True})
    assert (answer.status_code, answer.json["type"]) == (400, "/api#malformed")
    assert "consent:revoked" not in api.household.docs
