"""What participants see; only the local database is asked."""

from datetime import timedelta
from typing import Any

import pytest

from couch.errors import AccessDenied, Unreachable


@pytest.fixture
def full(device: Any, sample: Any, now: Any) -> Any:
    """A device of a household that takes part, with a day of measurements of one meter."""
    device.holds(sample.registration(), *sample.meters(), sample.consent("granted"))
    slot = now.replace(minute=0, second=0)
    for number in range(100):
        at = slot - number * timedelta(minutes=15)
        readings = (sample.energy(2_000_000 - number), sample.power(number - 50))
        device.holds(sample.measurement(at, *readings, marks=("counter_fell",) if number == 0 else ()))
    device.replica.locals["heartbeat"] = sample.heartbeat(
        last_measurement=slot, last_push=now - timedelta(hours=5), backlog=12, errors=("head unplugged",)
    )
    return device


def test_the_overview_tells_consent_today_and_the_device_s_state(full: Any) -> None:
    page = full.participant().get("/overview").text
    for words in (
        "granted",
        "The device works",
        "read 7 minutes ago",
        "reached the research centre 5 hours ago",
    ):
        assert words in page
    assert "drawn from the grid" in page
    for detail in ("12 records", "head unplugged"):
        assert detail in page


def test_the_overview_reads_the_meters_once(full: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, documents = [], full.replica.documents

    def counting(**wanted: Any) -> Any:
        asked.append(wanted.get("start"))
        return documents(**wanted)

    monkeypatch.setattr(full.replica, "documents", counting)
    full.participant().get("/overview")
    assert asked.count("meter:") == 1


def test_before_the_first_cycle_the_overview_says_what_is_to_come(device: Any) -> None:
    page = device.participant().get("/overview").text
    assert "not granted" in page
    assert "not reported" in page
    assert "Nothing was measured today" in page


def test_the_registration_is_shown_as_stored_and_escaped(full: Any) -> None:
    page = full.participant().get("/registration").text
    assert "Erika &lt;Mustermann&gt;" in page
    assert "51147 Köln" in page
    assert "Cellar" in page
    for meter in ("Electricity meter MT175", "Generation meter DD3"):
        assert f"<li>{meter}" in page


def test_a_registration_that_has_not_arrived_is_said_kindly(device: Any) -> None:
    assert "not on this device" in device.participant().get("/registration").text


@pytest.mark.parametrize("path", ["/overview", "/measurements", "/consent", "/registration"])
def test_an_unreachable_database_is_said_kindly(device: Any, path: str) -> None:
    browser = device.participant()
    device.replica.fails = Unreachable("http://127.0.0.1:5984 cannot be reached (connection refused).")
    answer = browser.get(path)
    assert answer.status_code == 503
    assert "is not lost" in answer.text
    assert "127.0.0.1" not in answer.text


def test_a_wrong_account_is_said_without_its_password(device: Any) -> None:
    browser = device.participant()
    device.replica.fails = AccessDenied("denied")
    answer = browser.get("/overview")
    assert answer.status_code == 502
    assert "account" in answer.text


def test_an_error_in_the_service_shows_no_traceback(own_device: Any) -> None:
    own_device.app.config["PROPAGATE_EXCEPTIONS"] = False
    browser = own_device.participant()
    own_device.replica.fails = ZeroDivisionError("inner detail")
    answer = browser.get("/overview")
    assert answer.status_code == 500
    assert "inner detail" not in answer.text
