"""What the reading endpoints answer: the entities that figures 4.2 to 4.8 of the thesis model."""

from typing import Any

import pytest

from couch.errors import AccessDenied, NotFound, Unreachable

MEASUREMENTS = "/household/meter/5f000000-0000-4000-8000-000000000001/measurement"


def test_the_account_is_the_participant_behind_the_household(api: Any) -> None:
    assert api.get("/account").json == {"name": "Erika <Mustermann>", "email": "erika@example.org"}


def test_a_household_without_a_participant_has_no_account(api: Any) -> None:
    del api.household.docs["registration"]
    answer = api.get("/account")
    assert (answer.status_code, answer.json["type"]) == (404, "/api#not-found")


def test_the_household_with_what_was_registered_and_its_consent(api: Any) -> None:
    assert api.get("/household").json == {
        "household": api.sample.household,
        "metadata": {
            "children": 1,
            "adults": 2,
            "adults_with_job": 2,
            "ev_charger": True,
            "heat_pump": False,
            "home_battery": True,
        },
        "address": {
            "street": "Heidestraße",
            "house_number": "17",
            "postal_code": "51147",
            "city": "Köln",
        },
        "location": {"latitude": 50.9, "longitude": 6.9, "source": "geocoded"},
        "consent": {"state": "granted", "granted_at": "2026-06-29T12:07:00Z", "revoked_at": None},
    }


def test_an_erased_household_keeps_its_consent_alone(api: Any) -> None:
    for name in ("registration", "location"):
        del api.household.docs[name]
    api.household.put_once(api.sample.consent("revoked"))
    found = api.get("/household").json
    assert (found["metadata"], found["address"], found["location"]) == (None, None, None)
    assert found["consent"]["state"] == "revoked"


def test_devices_with_versions_and_last_activity(api: Any) -> None:
    assert api.get("/household/measurement_device").json["items"] == [
        {
            "device": api.sample.device,
            "name": "Cellar",
            "versions": {"survey": "1.0"},
            "last_activity": "2026-06-30T12:04:00Z",
            "last_measurement": None,
            "meters": [api.sample.meter],
        }
    ]


def test_a_device_never_heard_of_is_listed_too(api: Any) -> None:
    del api.household.docs[f"heartbeat:{api.sample.device}"]
    (found,) = api.get("/household/measurement_device").json["items"]
    assert (found["versions"], found["last_activity"]) == ({}, None)


def test_meters_with_type_model_device_and_systems(api: Any) -> None:
    electricity, generation = api.get("/household/meter").json["items"]
    assert electricity == {
        "meter": api.sample.meter,
        "meter_type": "ELECTRICITY",
        "model": "MT175",
        "device": api.sample.device,
        "pv_systems": [],
    }
    assert (generation["device"], generation["pv_systems"]) == (
        None,
        ["5f000000-0000-4000-8000-00000000ee01"],
    )


def test_photovoltaic_systems(api: Any) -> None:
    assert api.get("/household/pv_system").json["items"] == [
        {
            "pv_system": "5f000000-0000-4000-8000-00000000ee01",
            "nominal_power_kw": 9.8,
            "azimuth_deg": 180.0,
            "tilt_deg": 30.0,
            "installed_on": "2026-06-30",
            "meters": [api.sample.generation_meter],
        }
    ]


def test_measurements_as_the_meter_sent_them(api: Any) -> None:
    found = api.get(MEASUREMENTS).json
    assert [one["slot"][11:16] for one in found["items"]] == ["11:00", "11:15", "11:30", "11:45", "12:00"]
    assert found["next"] is None
    assert found["items"][0] == {
        "id": f"measurement:{api.sample.meter}:2026-06-30T11:00:00Z",
        "meter": api.sample.meter,
        "measured_at": "2026-06-30T11:00:03Z",
        "slot": "2026-06-30T11:00:00Z",
        "device": api.sample.device,
        "data": [{"obis": "0100010800ff", "value": 1234567, "scaler": 0, "unit": "Wh"}],
        "time": {"source": "synchronized", "boot": None, "monotonic_ms": None, "meter_seconds": None},
        "marks": [],
    }


def test_a_time_range_begins_with_its_first_slot_and_ends_before_its_last(api: Any) -> None:
    answer = api.get(f"{MEASUREMENTS}?from=2026-06-30T11:15:00Z&to=2026-06-30T11:45:00Z")
    assert [one["slot"][11:16] for one in answer.json["items"]] == ["11:15", "11:30"]


def test_pages_lead_to_each_other_until_the_last(api: Any) -> None:
    path, seen = f"{MEASUREMENTS}?limit=2&to=2026-06-30T12:00:00Z", []
    while path:
        answer = api.get(path)
        seen.append([one["slot"][11:16] for one in answer.json["items"]])
        path = answer.json["next"]
        assert answer.headers.get("Link") == (f'<{path}>; rel="next"' if path else None)
    assert seen == [["11:00", "11:15"], ["11:30", "11:45"]]


def test_a_meter_without_measurements_has_an_empty_page(api: Any) -> None:
    path = f"/household/meter/{api.sample.generation_meter}/measurement"
    assert api.get(path).json == {"items": [], "next": None}
    assert api.get(f"{MEASUREMENTS}?from=2030-01-01T00:00:00Z").json == {"items": [], "next": None}


def test_a_meter_that_was_taken_from_the_list_can_still_be_read(api: Any) -> None:
    del api.household.docs[f"meter:{api.sample.meter}"]
    assert len(api.get(MEASUREMENTS).json["items"]) == 5
    assert api.get(f"{MEASUREMENTS}?from=2030-01-01T00:00:00Z").status_code == 200


def test_a_measurement_that_cannot_be_understood_is_left_out(api: Any) -> None:
    doc = api.household.docs[f"measurement:{api.sample.meter}:2026-06-30T11:15:00Z"]
    doc["data"] = "odd"
    assert len(api.get(MEASUREMENTS).json["items"]) == 4


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("from=yesterday", "from"),
        ("from=2026-06-30", "from"),
        ("to=2026-02-30T00:00:00Z", "to"),
        ("from=2026-06-30T11:15:00Z%0A", "from"),
        ("from=2026-06-30T12:00:00Z&to=2026-06-30T11:00:00Z", "from"),
        ("household=5f000000-0000-4000-8000-00000000cccc", "the whole"),
    ],
)
def test_a_query_that_cannot_be_is_refused_by_name(api: Any, query: str, field: str) -> None:
    answer = api.get(f"{MEASUREMENTS}?{query}")
    assert (answer.status_code, answer.json["type"]) == (400, "/api#bad-query")
    assert answer.json["errors"][0]["field"] == field


def test_a_parameter_where_none_is_taken_is_refused(api: Any) -> None:
    assert api.get("/household?household=other").json["type"] == "/api#bad-query"


def test_households_for_management_page_by_page(api: Any) -> None:
    first = api.get("/management/household?limit=2", role="administrator")
    assert [one["name"] for one in first.json["items"]] == ["Household 000", "Household 001"]
    assert first.headers["Link"] == f'<{first.json["next"]}>; rel="next"'
    last = api.get(first.json["next"], role="researcher")
    assert [one["name"] for one in last.json["items"]] == ["Household 002"]
    assert last.json["next"] is None
    assert last.json["items"][0]["consent"]["state"] == "not_granted"


# --- reading again


@pytest.mark.parametrize(
    "path", ["/account", "/household", "/household/meter", MEASUREMENTS, "/openapi.json"]
)
def test_what_did_not_change_is_not_sent_again(api: Any, path: str) -> None:
    tag = api.get(path).headers["ETag"]
    again = api.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert api.get(path, headers={"If-None-Match": '"another"'}).status_code == 200


def test_what_changed_is_sent_again(api: Any) -> None:
    tag = api.get("/household").headers["ETag"]
    api.household.put_once(api.sample.consent("revoked"))
    assert api.get("/household", headers={"If-None-Match": tag}).status_code == 200


def test_the_head_of_an_answer_alone(api: Any) -> None:
    head, whole = api.ask("HEAD", "/household"), api.get("/household")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == whole.headers["ETag"]
    assert head.headers["Content-Length"] == str(len(whole.data))


# --- when the database does not serve


@pytest.mark.parametrize(
    ("trouble", "status", "name"),
    [
        (Unreachable("x"), 503, "unavailable"),
        (NotFound("x", error="not_found", reason="no_db_file", status=404), 503, "unavailable"),
        (AccessDenied("x", error="unauthorized", reason="x", status=401), 502, "database-refused"),
    ],
)
def test_troubles_of_the_database_are_problems_too(
    api: Any, trouble: Exception, status: int, name: str
) -> None:
    api.household.fails = trouble
    answer = api.get("/household")
    assert (answer.status_code, answer.json["type"]) == (status, f"/api#{name}")
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_a_stored_document_that_breaks_its_model_is_told_without_its_content(api: Any) -> None:
    api.household.docs["registration"]["contact"] = {"name": "Secret Name"}
    answer = api.get("/account")
    assert answer.status_code == 502
    assert "Secret" not in answer.text
