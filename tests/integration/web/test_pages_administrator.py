"""The administrators' pages as a real process, with the account that the centre's pages have in CouchDB."""

import re
import secrets
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from couch.bootstrap import ensure_database, household_security
from couch.client import Server
from couch.documents import ConsentState, DeviceSummary, HouseholdSummary, Parked, utc
from couch.names import REGISTRY, household_database

WORDS = "correct horse battery"


@pytest.fixture
def troubled(couch_server: Server, central: None) -> Iterator[HouseholdSummary]:
    """A household whose device is silent, with a checkpoint in its database and a parked document."""
    now = utc(datetime.now(UTC))
    heard = now - timedelta(days=2)
    device = DeviceSummary(device=str(uuid.uuid4()), name="Cellar", heard_at=heard, heartbeat_at=heard)
    summary = HouseholdSummary(
        household=str(uuid.uuid4()),
        pseudonym=uuid.uuid4().hex,
        name="Erika Mustermann",
        consent=ConsentState.GRANTED,
        last_slot=heard.replace(minute=0, second=0),
        meters=1,
        devices=(device,),
    )
    parked = Parked(
        household=summary.household, document="measurement:x", document_rev="1-a", reason="odd", at=now
    )
    name = household_database(summary.household)
    database = ensure_database(couch_server, name, "household", household_security(summary.household))
    session = {"end_time": "Tue, 30 Jun 2026 11:07:00 GMT", "docs_read": 5, "docs_written": 4}
    database.put_local("0a1b2c", {"history": [session]})
    registry = couch_server.database(REGISTRY)
    for doc in (summary, parked):
        registry.put(doc.to_json())
    yield summary
    couch_server.delete_database(name)
    for doc_id in (summary.id, parked.id, f"retry:{summary.household}"):
        stored = registry.find(doc_id)
        if stored is not None:
            registry.delete(doc_id, stored["_rev"])


def test_an_administrator_sees_what_is_wrong_and_asks_for_another_try(
    serving: Any, centre_toml: Any, invite: Any, troubled: HouseholdSummary, couch_server: Server
) -> None:
    config = centre_toml()
    browser = serving("centre", "serve", "--config", config)
    invite(browser, config, "adam", "administrator", password=WORDS)
    answer = browser.send("/sign-in", name="adam", password=WORDS)
    assert answer.url.endswith("/health")
    assert "silent for 2 days" in answer.text
    assert "No worker is running" in answer.text
    page = browser.get(f"/health/devices/{troubled.devices[0].device}").text
    for words in ("Erika Mustermann", "0a1b2c", "odd"):
        assert words in page
    assert "odd" in browser.get("/health/centre").text
    assert "is tried again within seconds" in browser.send("/health/parked/retry", reason="odd").text
    wish = couch_server.database(REGISTRY).get(f"retry:{troubled.household}")
    assert wish["documents"] == ["measurement:x"]


def test_prometheus_reads_the_numbers_with_the_token_of_a_file(
    serving: Any, centre_toml: Any, troubled: HouseholdSummary, tmp_path: Path
) -> None:
    token = secrets.token_urlsafe(24)
    file = tmp_path / "metrics.token"
    file.touch(0o600)
    file.write_text(token + "\n")
    browser = serving("centre", "serve", "--config", centre_toml(more='metrics_token_file = "metrics.token"'))
    assert browser.get("/metrics").status_code == 401
    answer = requests.get(f"{browser.base}/metrics", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert answer.status_code == 200
    assert re.search(r'^survey_devices{standing="troubled"} [1-9]', answer.text, re.MULTILINE)
    assert "Erika" not in answer.text


@pytest.mark.usefixtures("central")
def test_settings_of_health_that_are_wrong_are_all_named(
    centre_toml: Any, run_survey: Any, fault_line: Any
) -> None:
    config = centre_toml()
    with config.open("a") as file:
        file.write('[health]\nsilent_h = 0\noldest_release = "new"\n')
    line = fault_line(run_survey("centre", "serve", "--config", config))
    assert "silent_h" in line
    assert "oldest_release" in line
