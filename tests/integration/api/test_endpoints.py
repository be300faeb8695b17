"""The endpoints before a real database: its validators and members decide, as they do under replication."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from api_fakes import certificate

from couch.bootstrap import closed_security, ensure_database
from couch.certificate import read_certificate
from couch.client import Server
from couch.documents import ConsentState, HouseholdSummary
from couch.names import SCOPES

PATH = "/household/meter/measurement"
CONSENT = "/household/consent"


def name_of(answer: Any) -> str:
    return str(answer.json["type"]).removeprefix("/api#")


def test_from_the_grant_to_the_revocation(household: Any) -> None:
    reading = f"/household/meter/{household.meter}/measurement"
    assert name_of(household.ask("POST", PATH, json=household.measurement())) == "consent-not-granted"

    assert household.ask("POST", CONSENT).status_code == 201
    pending = household.ask("POST", PATH, json=household.measurement())
    assert (name_of(pending), "Retry-After" in pending.headers) == ("consent-not-granted", True)
    household.take_effect(ConsentState.GRANTED)
    first, again = (household.ask("POST", PATH, json=household.measurement()) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert household.get(reading).json["items"] == [first.json]
    other = household.ask("POST", PATH, json=household.measurement(value=6))
    assert name_of(other) == "measurement-differs"
    assert name_of(household.ask("POST", CONSENT)) == "consent-stands"

    assert household.ask("DELETE", CONSENT).json["state"] == "revoked"
    # From this answer on, though the worker has not seen it yet.
    late = household.measurement("2026-06-30T12:15:00Z")
    assert name_of(household.ask("POST", PATH, json=late)) == "consent-revoked"
    household.take_effect(ConsentState.REVOKED)
    assert name_of(household.ask("POST", PATH, json=household.measurement())) == "consent-revoked"
    for method in ("POST", "DELETE"):
        assert name_of(household.ask(method, CONSENT)) == "consent-ended"


def test_what_was_written_has_the_form_that_the_page_writes(household: Any) -> None:
    household.ask("DELETE", CONSENT)
    stored = household.database.get("consent:revoked")
    assert stored["by"] == {"role": "participant", "device": household.device}


def test_every_reading_endpoint_answers_from_the_households_own_database(household: Any) -> None:
    assert household.get("/account").json == {"name": "Ada Lovelace", "email": "ada@example.org"}
    assert household.get("/household").json["address"]["city"] == "Kiel"
    (device,) = household.get("/household/measurement_device").json["items"]
    assert device["device"] == household.device
    (meter,) = household.get("/household/meter").json["items"]
    (system,) = household.get("/household/pv_system").json["items"]
    assert meter["pv_systems"] == [system["pv_system"]]


def test_pages_of_measurements_by_time(household: Any) -> None:
    household.take_effect(ConsentState.GRANTED)
    for minute in (0, 15, 30, 45):
        slot = f"2026-06-30T12:{minute:02}:00Z"
        assert household.ask("POST", PATH, json=household.measurement(slot)).status_code == 201
    path, pages = f"/household/meter/{household.meter}/measurement?limit=2&from=2026-06-30T12:15:00Z", []
    while path:
        page = household.get(path).json
        pages.append([one["slot"][14:16] for one in page["items"]])
        path = page["next"]
    assert pages == [["15", "30"], ["45"]]


def test_another_household_is_out_of_reach(household: Any, make_household: Callable[[], Any]) -> None:
    other = make_household()
    answer = household.get(f"/household/meter/{other.meter}/measurement")
    nobodys = household.get(f"/household/meter/{uuid.uuid4()}/measurement")
    assert (answer.status_code, answer.json) == (404, nobodys.json)
    household.take_effect(ConsentState.GRANTED)
    foreign = {**household.measurement(), "meter": other.meter}
    assert name_of(household.ask("POST", PATH, json=foreign)) == "unknown-meter"


def test_the_database_too_knows_the_device_and_its_scopes_alone(household: Any) -> None:
    connections = household.app.extensions["survey_api"].household
    facts = read_certificate(certificate(household.device, household.uuid, ("account",)).encode())
    session = connections(facts).server.session()
    assert session.name == household.device
    assert set(session.roles) == {
        f"household:{household.uuid}",
        f"device:{household.device}",
        "scope:account",
    }


def test_a_household_without_a_database_is_not_reachable_now(household: Any, couch_server: Server) -> None:
    couch_server.delete_database(household.database.name)
    answer = household.get("/household")
    assert (answer.status_code, name_of(answer)) == (503, "unavailable")


@pytest.mark.parametrize("scope", SCOPES)
def test_each_scope_alone_is_enough_for_its_endpoint(household: Any, scope: str) -> None:
    household.take_effect(ConsentState.GRANTED)
    asks = {
        "account": ("GET", "/account"),
        "household": ("GET", "/household"),
        "consent": ("DELETE", CONSENT),
        "measurement-read": ("GET", f"/household/meter/{household.meter}/measurement"),
        "measurement-write": ("POST", PATH),
    }
    method, path = asks[scope]
    more = {"json": household.measurement()} if path == PATH else {}
    assert household.ask(method, path, scope, **more).status_code in (200, 201)


def test_management_reads_the_registry(household: Any, couch_server: Server, researcher: str) -> None:
    there = couch_server.database("registry").exists()
    registry = ensure_database(couch_server, "registry", "registry", closed_security(()))
    summary = HouseholdSummary(household=household.uuid, pseudonym="0" * 32, name="Ada Lovelace")
    registry.put(summary.to_json())
    client = household.app.test_client()
    client.set_cookie("centre", researcher)
    try:
        found = client.get(f"/management/household?from={household.uuid}&limit=1").json
        assert found["items"][0]["name"] == "Ada Lovelace"
    finally:
        if not there:
            couch_server.delete_database("registry")
