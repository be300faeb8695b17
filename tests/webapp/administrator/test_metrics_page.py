"""What Prometheus reads, and that nobody else does."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from couch.documents import ConsentState, DeviceSummary, Erasure, Lease, Parked, WorkerNote
from couch.errors import Unreachable

ROOT = Path(__file__).parents[3]
TOKEN = {"Authorization": "Bearer what Prometheus shows"}
WORKER = "5f000000-0000-4000-8000-0000000000ee"


def scraped(centre: Any) -> dict[tuple[str, str], float]:
    """Values by name and labels."""
    answer = centre.visitor().get("/metrics", headers=TOKEN)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def hold(centre: Any, *docs: Any) -> None:
    for doc in docs:
        centre.registry.put_once(doc.to_json())


@pytest.fixture
def filled(centre: Any, sample: Any, now: Any) -> Any:
    heard = {"name": "Cellar", "heartbeat_at": now, "heard_at": now}
    well = DeviceSummary(device=sample.device, backlog=4, last_measurement=now, **heard)
    silent = DeviceSummary(device=WORKER, name="Roof", heard_at=now - timedelta(days=2), refused=2)
    granted = {"consent": ConsentState.GRANTED, "meters": 1}
    hold(
        centre,
        sample.summary(1, devices=(well,), last_slot=now - timedelta(minutes=20), **granted),
        sample.summary(2, devices=(silent,), last_slot=now - timedelta(days=2), **granted),
        sample.summary(3, **granted),
        Parked(household=sample.household, document="erasure", document_rev="", reason="r", at=now),
        Erasure(household=sample.household, receipt=WORKER, begun_at=now),
        WorkerNote(worker=WORKER, started_at=now),
        Lease(slice=0, owner=WORKER),
        Lease(slice=1, owner=None),
    )
    return centre


def test_the_state_of_the_whole_survey_in_numbers(filled: Any) -> None:
    found = scraped(filled)
    expected = {
        ("survey_database_up", ""): 1,
        ("survey_devices", "well"): 1,
        ("survey_devices", "troubled"): 1,
        ("survey_devices", "erased"): 0,
        ("survey_device_troubles", "long_silent"): 1,
        ("survey_device_troubles", "too_hot"): 0,
        ("survey_households", "granted"): 3,
        ("survey_households_never_measured", ""): 1,
        ("survey_backlog_documents", ""): 4,
        ("survey_refused_documents", ""): 2,
        ("survey_measurement_lag_seconds_bucket", "1800"): 1,
        ("survey_measurement_lag_seconds_bucket", "+Inf"): 2,
        ("survey_workers", "alive"): 1,
        ("survey_worker_leases", "held"): 1,
        ("survey_worker_leases", "free"): 1,
        ("survey_parked_documents", ""): 1,
        ("survey_erasures", "open"): 1,
        ("survey_erasures", "standing_still"): 1,
        ("survey_centre_troubles", "erasure_stands_still"): 1,
        ("survey_accounts", "active"): 3,
    }
    assert {name: found.get(name) for name in expected} == expected


def test_nobody_is_named(filled: Any, sample: Any) -> None:
    text = filled.visitor().get("/metrics", headers=TOKEN).text
    for one in ("Household 00", "Cellar", "adam", sample.household, sample.device, WORKER, "Karlsruhe"):
        assert one not in text


def test_requests_are_counted_by_area(centre: Any) -> None:
    before = scraped(centre).get(("survey_http_requests_total", "administrator,2xx"), 0)
    centre.signed_in("adam").get("/health")
    after = scraped(centre)
    assert after["survey_http_requests_total", "administrator,2xx"] == before + 1
    assert after["survey_http_request_duration_seconds_count", "administrator"] >= 1
    centre.visitor().get("/no/such/page/of/erika")
    assert not any("erika" in labels for _name, labels in scraped(centre))


@pytest.mark.parametrize("shown", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}])
def test_without_the_token_there_are_no_numbers(centre: Any, shown: dict[str, str]) -> None:
    for browser in (centre.visitor(), centre.signed_in("adam")):
        answer = browser.get("/metrics", headers=shown)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert "survey_" not in answer.text


def test_without_a_token_in_the_settings_there_is_no_such_page(centre: Any) -> None:
    services = centre.app.extensions["survey_services"]
    before = services.metrics_token
    object.__setattr__(services, "metrics_token", None)
    try:
        for shown in ({}, TOKEN, {"Authorization": "Bearer "}):
            assert centre.visitor().get("/metrics", headers=shown).status_code == 404
    finally:
        object.__setattr__(services, "metrics_token", before)


def test_while_the_database_does_not_answer_that_is_a_number_too(centre: Any) -> None:
    centre.registry.fails = Unreachable("gone")
    found = scraped(centre)
    assert found["survey_database_up", ""] == 0
    assert ("survey_devices", "well") not in found


def test_every_metric_of_the_example_alerts_exists(filled: Any) -> None:
    filled.signed_in("adam").get("/health")
    there = {name for name, _labels in scraped(filled)}
    groups = yaml.safe_load((ROOT / "docs" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    named = {name for rule in rules for name in re.findall(r"\bsurvey_\w+", rule["expr"])}
    assert named - there == set()
    labels = {value for _name, found in scraped(filled) for value in found.split(",")}
    asked = [word for rule in rules for word in re.findall(r'(?:state|kind)=~?"([^"]+)"', rule["expr"])]
    assert {one for words in asked for one in words.split("|")} <= labels
    assert all({"summary", "action"} <= rule["annotations"].keys() for rule in rules)
