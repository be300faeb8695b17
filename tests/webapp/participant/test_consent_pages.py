"""Granting and revoking, asked twice, one way."""

from datetime import timedelta
from typing import Any

import pytest

from couch.documents import Consent, stamp
from couch.errors import Refused


def test_granting_asks_again_and_then_records_who_when_and_on_which_device(
    device: Any, sample: Any, now: Any
) -> None:
    browser = device.participant()
    assert "Grant consent" in browser.get("/consent").text
    assert "every 15 minutes" in browser.get("/consent/granted").text
    assert device.replica.docs == {}
    assert browser.send("/consent/granted", sure="yes").location == "/consent"
    written = Consent.from_json(device.replica.docs["consent:granted"])
    assert (written.state, written.at) == ("granted", now)
    assert (written.by.role, written.by.device) == ("participant", sample.device)
    assert "granted" in browser.get("/consent").text


def test_without_the_tick_nothing_is_recorded_and_the_page_says_so(device: Any) -> None:
    browser = device.participant()
    browser.get("/consent/revoked")
    answer = browser.send("/consent/revoked")
    assert "Nothing was recorded" in answer.text
    assert device.replica.docs == {}


@pytest.mark.parametrize("before", [(), ("granted",)])
def test_revoking_is_possible_at_any_time(device: Any, sample: Any, before: tuple[str, ...]) -> None:
    device.holds(*(sample.consent(state) for state in before))
    browser = device.participant()
    browser.get("/consent/revoked")
    browser.send("/consent/revoked", sure="yes")
    assert "consent:revoked" in device.replica.docs


def test_after_a_revocation_nothing_can_be_granted(device: Any, sample: Any) -> None:
    device.holds(sample.consent("revoked"))
    browser = device.participant()
    page = browser.get("/consent").text
    assert "Grant consent" not in page
    assert "Revoke consent" not in page
    assert browser.get("/consent/granted").location == "/consent"
    browser.get("/consent")
    browser.send("/consent/granted", sure="yes")
    assert "consent:granted" not in device.replica.docs


def test_a_second_grant_changes_nothing(device: Any, sample: Any, now: Any) -> None:
    first = sample.consent("granted", now - timedelta(days=3))
    browser = device.participant()
    browser.get("/consent/granted")
    device.holds(first)  # another tab was quicker
    assert browser.send("/consent/granted", sure="yes").location == "/consent"
    assert device.replica.docs["consent:granted"]["at"] == stamp(now - timedelta(days=3))


def test_a_revocation_by_letter_says_that_the_researchers_recorded_it(device: Any, sample: Any) -> None:
    device.holds({**sample.consent("revoked"), "by": {"role": "researcher"}})
    assert "recorded by the researchers" in device.participant().get("/consent").text


def test_a_refusal_of_the_database_is_said_and_not_hidden(device: Any) -> None:
    browser = device.participant()
    browser.get("/consent/granted")
    device.replica.put_once = _refuse
    answer = browser.send("/consent/granted", sure="yes")
    assert answer.status_code == 502
    assert "refused" in answer.text


def _refuse(_doc: Any) -> bool:
    raise Refused("no", error="forbidden", reason="no", status=403)


def test_a_third_kind_of_step_is_no_page(device: Any) -> None:
    assert device.participant().get("/consent/perhaps").status_code == 404


@pytest.mark.parametrize("step", ["granted", "revoked"])
def test_the_second_step_without_a_session_records_nothing(device: Any, step: str) -> None:
    browser = device.participant()
    browser.get(f"/consent/{step}")
    device.wall.seconds += 10**6  # it was left open until the session had ended
    answer = browser.send(f"/consent/{step}", sure="yes")
    assert answer.location == "/sign-in"
    stranger = device.visitor()
    stranger.get("/sign-in")
    assert stranger.send(f"/consent/{step}", sure="yes").location == "/sign-in"
    assert device.replica.docs == {}


@pytest.mark.parametrize("step", ["granted", "revoked"])
def test_the_form_of_another_session_records_nothing(device: Any, step: str) -> None:
    other, browser = device.participant(), device.participant()
    other.get(f"/consent/{step}")
    browser.page = other.page
    assert browser.send(f"/consent/{step}", sure="yes").status_code == 400
    assert device.replica.docs == {}


@pytest.mark.parametrize("sure", ["", "no", "on", "YES"])
def test_only_the_tick_itself_is_the_second_step(device: Any, sure: str) -> None:
    browser = device.participant()
    browser.get("/consent/granted")
    assert "Nothing was recorded" in browser.send("/consent/granted", sure=sure).text
    assert browser.get("/consent/granted?sure=yes").status_code == 200  # an address decides nothing
    assert device.replica.docs == {}


def test_a_form_that_was_overtaken_by_a_revocation_grants_nothing(device: Any, sample: Any) -> None:
    browser = device.participant()
    browser.get("/consent/granted")
    device.holds(sample.consent("revoked"))
    for ticked in ({"sure": "yes"}, {}):
        browser.get("/registration/reports")  # any form's token of this session
        assert browser.send("/consent/granted", **ticked).location == "/consent"
    assert list(device.replica.docs) == ["consent:revoked"]
