"""Reporting a mistake: written once however often it is sent, listed with where it is."""

import re
from typing import Any

import pytest

from couch.documents import Report
from couch.errors import Unreachable
from webapp.participant.reports import LONGEST, SHOWN

PATH = "/registration/reports"
FORM = "6f000000-0000-4000-8000-000000000001"


def reports(device: Any) -> list[Report]:
    return [Report.from_json(doc) for key, doc in device.replica.docs.items() if key.startswith("report:")]


def form_of(page: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_a_report_is_recorded_and_listed_as_waiting(device: Any, now: Any) -> None:
    browser = device.participant()
    form = form_of(browser.get(PATH).text)
    answer = browser.send(PATH, form=form, text="  9.8 kW,\r\nnot 8.9  ")
    assert answer.location == f"{PATH}?done=recorded"
    (written,) = reports(device)
    assert (written.text, written.at) == ("9.8 kW,\nnot 8.9", now)
    page = browser.get(answer.location).text
    assert "Recorded." in page
    assert "9.8 kW,\nnot 8.9" in page
    assert "waits for a connection" in page


def test_a_form_that_is_sent_twice_is_one_report(device: Any) -> None:
    browser = device.participant()
    form = form_of(browser.get(PATH).text)
    for _ in range(2):
        assert browser.send(PATH, form=form, text="wrong street").status_code == 303
        browser.get(PATH)
    assert len(reports(device)) == 1


def test_a_changed_text_and_a_new_form_are_reports_of_their_own(device: Any) -> None:
    browser = device.participant()
    browser.get(PATH)
    for form, text in ((FORM, "a"), (FORM, "b"), (FORM.replace("1", "2"), "a")):
        browser.send(PATH, form=form, text=text)
        browser.get(PATH)
    assert sorted(report.text for report in reports(device)) == ["a", "a", "b"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (" \r\n ", "Please write what is wrong"),
        ("x" * (LONGEST + 1), "1 character too long"),
        ("😀" * (LONGEST // 2 + 1), "2 characters too long"),  # as the rules of the database count
    ],
)
def test_what_cannot_be_recorded_is_said_and_kept_in_the_form(device: Any, text: str, fault: str) -> None:
    browser = device.participant()
    browser.get(PATH)
    page = browser.send(PATH, form=FORM, text=text).text
    assert fault in page
    assert text.strip() in page
    assert form_of(page) == FORM
    assert reports(device) == []


def test_the_longest_report_is_recorded_whole(device: Any) -> None:
    browser = device.participant()
    browser.get(PATH)
    browser.send(PATH, form=FORM, text="ä" * LONGEST)
    assert len(reports(device)[0].text) == LONGEST


def test_a_form_whose_uuid_was_lost_is_taken_all_the_same(device: Any) -> None:
    browser = device.participant()
    browser.get(PATH)
    assert browser.send(PATH, form="../../etc", text="wrong").status_code == 303
    assert len(reports(device)) == 1


def test_the_list_tells_what_was_sent_what_waits_and_what_was_refused(
    device: Any, sample: Any, now: Any
) -> None:
    for number, text in enumerate(("first", "second", "third")):
        device.holds(Report(report=f"{FORM[:-1]}{number}", at=now, text=text).to_json())
    device.replica.locals["transmission"] = {"decided": "2"}
    refusal = {"id": f"report:{FORM[:-1]}0", "reason": "no"}
    device.replica.locals["ledger"] = {
        "at": "2026-06-30T00:00:00Z",
        "held": 0,
        "missing": 1,
        "sent": 0,
        "refused": 1,
        "refusals": [refusal],
    }
    found = re.findall(
        r'report-text">(\w+)<.*?<span class="tag[^>]*>([^<]+)<',
        device.participant().get(PATH).text,
        re.DOTALL,
    )
    assert dict(found) == {
        "first": "not taken by the centre",
        "second": "sent",
        "third": "waits for a connection",
    }


def test_many_reports_and_odd_ones_do_not_fill_the_page(device: Any, now: Any) -> None:
    for number in range(SHOWN + 2):
        device.holds(Report(report=f"{FORM[:-4]}{number:04}", at=now, text="<b>x</b>").to_json())
    device.holds({"_id": "report:odd", "type": "report"})
    page = device.participant().get(PATH).text
    assert page.count("&lt;b&gt;x") == SHOWN
    assert "2 older reports are not shown" in page


def test_a_report_that_the_database_cannot_take_is_not_said_to_be_recorded(device: Any) -> None:
    browser = device.participant()
    browser.get(PATH)
    device.replica.fails = Unreachable("it is off")
    assert browser.send(PATH, form=FORM, text="wrong").status_code == 503
