"""The centre's list of households and what it says of each."""

from datetime import timedelta
from typing import Any

import pytest

from couch.documents import ConsentState, DeviceSummary, Parked
from couch.errors import Unreachable
from webapp.researcher.households import PAGE, standing


def put(centre: Any, *summaries: Any) -> None:
    for summary in summaries:
        centre.registry.put_once(summary.to_json())


def test_households_are_counted_by_their_consent(centre: Any, sample: Any) -> None:
    states = [ConsentState.GRANTED] * 3 + [ConsentState.REVOKED] * 2
    put(centre, *(sample.summary(number, consent=state) for number, state in enumerate(states)))
    page = centre.signed_in("rosa").get("/households").text
    for count, word in ((3, "granted"), (2, "revoked"), (0, "not granted")):
        before, _, after = page.partition(f"<strong>{count}</strong>")
        assert before
        assert after.split("</li>")[0].count(f">{word}<") == 1


def test_a_row_shows_the_last_measurement_the_sign_of_life_and_what_waits(
    centre: Any, sample: Any, now: Any
) -> None:
    beat = DeviceSummary(
        device=sample.device, name="Cellar", heartbeat_at=now - timedelta(minutes=12), backlog=7, refused=1
    )
    put(
        centre,
        sample.summary(
            1, consent=ConsentState.GRANTED, last_slot=now - timedelta(minutes=22), devices=(beat,)
        ),
    )
    page = centre.signed_in("adam").get("/households").text
    for words in ("Household 001", "22 minutes ago", "12 minutes ago", "<span>7", "1 refused"):
        assert words in page
    assert "(late)" not in page


@pytest.mark.parametrize(
    ("consent", "hours", "late"),
    [
        (ConsentState.GRANTED, 1, False),
        (ConsentState.GRANTED, 3, True),
        (ConsentState.GRANTED, None, True),
        (ConsentState.NOT_GRANTED, None, False),
        (ConsentState.REVOKED, 300, False),
    ],
)
def test_a_household_is_late_only_while_it_should_send(
    sample: Any, now: Any, consent: ConsentState, hours: int | None, late: bool
) -> None:
    slot = None if hours is None else now - timedelta(hours=hours)
    assert standing(sample.summary(1, consent=consent, last_slot=slot), now).late is late


def test_the_newest_sign_of_life_of_all_devices_counts(sample: Any, now: Any) -> None:
    devices = tuple(
        DeviceSummary(device=sample.device, name="x", heartbeat_at=at, backlog=backlog)
        for at, backlog in ((now - timedelta(hours=1), 3), (None, None), (now - timedelta(hours=2), 4))
    )
    found = standing(sample.summary(1, devices=devices), now)
    assert (found.heard_at, found.backlog) == (now - timedelta(hours=1), 7)


def test_a_long_list_is_turned_page_by_page_without_loss(centre: Any, sample: Any) -> None:
    put(centre, *(sample.summary(number) for number in range(PAGE + 5)))
    browser = centre.signed_in("rosa")
    first = browser.get("/households").text
    following = f"/households?from=5f000000-0000-4000-8000-{PAGE:012x}"
    assert following in first
    second = browser.get(following).text
    shown = [number for number in range(PAGE + 5) if f"Household {number:03}" in first + second]
    assert shown == list(range(PAGE + 5))
    assert "Next page" not in second


def test_no_address_holds_a_persons_name(centre: Any, sample: Any) -> None:
    put(centre, *(sample.summary(number) for number in range(PAGE + 5)))
    page = centre.signed_in("rosa").get("/households").text
    addresses = [part.split('"')[0] for part in page.split('href="')[1:]]
    assert not [address for address in addresses if "Household" in address or "%20" in address]


def test_a_households_page_shows_its_devices_and_what_was_parked(centre: Any, sample: Any, now: Any) -> None:
    beat = DeviceSummary(
        device=sample.device,
        name="Cellar",
        heartbeat_at=now,
        errors=("clock unknown",),
        versions={"survey": "0.1.0"},
    )
    one = sample.summary(1, devices=(beat,), email="erika@example.org")
    parked = Parked(
        household=one.household,
        document="measurement:x:y",
        document_rev="1-a",
        reason="other content",
        at=now,
    )
    put(centre, one, parked)
    page = centre.signed_in("rosa").get(f"/households/{one.household}").text
    for words in ("Cellar", "clock unknown", "0.1.0", "erika@example.org", one.pseudonym, "other content"):
        assert words in page


def test_an_unknown_household_is_no_page(centre: Any, sample: Any) -> None:
    assert centre.signed_in("rosa").get(f"/households/{sample.household}").status_code == 404


def test_a_summary_that_breaks_its_model_is_named_and_costs_no_other(centre: Any, sample: Any) -> None:
    put(centre, sample.summary(1), sample.summary(2))
    broken = f"household:{sample.summary(1).household}"
    centre.registry.docs[broken]["meters"] = "many"
    page = centre.signed_in("rosa").get("/households").text
    assert broken in page
    assert "Household 002" in page


def test_an_unreachable_couchdb_is_said_kindly(centre: Any) -> None:
    browser = centre.signed_in("rosa")
    centre.registry.fails = Unreachable("http://10.0.0.1 cannot be reached.")
    answer = browser.get("/households")
    assert answer.status_code == 503
    assert "nothing is lost" in answer.text
    assert "10.0.0.1" not in answer.text
