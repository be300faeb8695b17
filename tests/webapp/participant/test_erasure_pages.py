"""What the participant sees from the revocation to the end: revoked, waiting for the centre, erased."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from couch.erasure_marker import ErasureMarker, write_marker
from couch.errors import Fault, Unreachable
from couch.secret import Secret
from couch.settings import Endpoint
from webapp.participant import start
from webapp.participant.erasure import find_marker
from webapp.settings import PageSettings

PAGES = ("/", "/sign-in", "/overview", "/consent", "/registration", "/measurements", "/data/copy.zip")


def pushed_up_to(device: Any, documents: int) -> None:
    """The agent's note: a push has passed so many of the replica's documents."""
    device.replica.locals["transmission"] = {"decided": str(documents)}


def test_a_revocation_that_waits_for_a_connection_says_so(device: Any, sample: Any) -> None:
    device.holds(sample.consent("granted"), sample.consent("revoked"))
    pushed_up_to(device, 1)
    page = device.participant().get("/consent").text
    assert page.count("yes, it has it") == 1  # the grant
    assert "not yet: it is sent as soon as the device has a connection" in page
    assert "leave the device connected" in page


def test_a_revocation_that_the_centre_has_says_so(device: Any, sample: Any) -> None:
    device.holds(sample.consent("granted"), sample.consent("revoked"))
    pushed_up_to(device, 2)
    page = device.participant().get("/consent").text
    assert page.count("yes, it has it") == 2
    assert "tells the device" in page
    assert "It waits for the research centre" in device.participant().get("/overview").text


def test_the_erased_page_says_which_receipt_the_researchers_have(device: Any, sample: Any, now: Any) -> None:
    device.marked(erased_at=now, unsent_measurements=1234, confirmed_at=now)
    page = device.visitor().get("/overview", follow_redirects=True).text
    for words in ("1,234, erased with the others", "signed receipt", sample.household, sample.device):
        assert words in page


def test_the_language_can_still_be_changed_once_it_is_erased(device: Any, now: Any) -> None:
    device.marked(erased_at=now, unsent_measurements=0)
    visitor = device.visitor()
    visitor.get("/overview", follow_redirects=True)
    assert visitor.send("/language", language="de", back="/overview").location == "/overview"


@pytest.mark.parametrize("path", PAGES)
def test_an_erased_device_says_when_at_every_address_without_a_code(device: Any, path: str, now: Any) -> None:
    device.marked(erased_at=now, unsent_measurements=3)
    device.replica.absent = True
    visitor = device.visitor()
    page = visitor.get(path, follow_redirects=True)
    assert page.status_code == 200
    for words in ("This device was erased", "2026-06-30", "3, erased with the others", "not yet"):
        assert words in page.text
    assert "Sign out" not in page.text


def test_who_was_signed_in_sees_it_too(device: Any, sample: Any, now: Any) -> None:
    device.holds(sample.registration())
    browser = device.participant()
    device.marked(erased_at=now, unsent_measurements=0, confirmed_at=now)
    page = browser.get("/registration").text
    assert "nothing left to do" in page
    assert "Mustermann" not in page


def test_while_it_is_being_erased_the_page_says_that(device: Any) -> None:
    browser = device.participant()
    device.marked()
    device.replica.absent = True
    assert "is being erased" in browser.get("/overview").text


def test_the_style_sheet_is_still_served(device: Any, now: Any) -> None:
    device.marked(erased_at=now, unsent_measurements=0)
    assert device.visitor().get("/static/survey.css").mimetype == "text/css"


@pytest.fixture
def marker(sample: Any, now: Any) -> ErasureMarker:
    return ErasureMarker(device=sample.device, household=sample.household, told_at=now)


def test_the_mark_is_found_in_the_file_or_else_in_the_replica(
    marker: ErasureMarker, fake_database: Any, tmp_path: Path
) -> None:
    file, replica = tmp_path / "erasure.json", lambda: fake_database
    who = (marker.device, marker.household)
    assert find_marker(file, replica, *who) is None
    fake_database.locals["erasure"] = {**_json(marker), "unsent_measurements": 4}
    found = find_marker(file, replica, *who)
    assert found is not None
    assert found.unsent_measurements == 4
    write_marker(file, marker)
    fake_database.fails = Unreachable("it is off")
    assert find_marker(file, replica, *who) == marker
    assert find_marker(file, replica, marker.household, marker.household) is None


def test_a_mark_that_cannot_be_read_is_looked_for_in_the_replica(
    marker: ErasureMarker, fake_database: Any, tmp_path: Path
) -> None:
    (tmp_path / "erasure.json").write_text("{")
    fake_database.locals["erasure"] = _json(marker)
    who = (marker.device, marker.household)
    assert find_marker(tmp_path / "erasure.json", lambda: fake_database, *who) == marker


def test_an_erased_device_needs_no_code_and_makes_none(marker: ErasureMarker, tmp_path: Path) -> None:
    settings = PageSettings(
        device=marker.device,
        household=marker.household,
        local=Endpoint("http://127.0.0.1:9", "page", Secret("x")),
        household_code_file=tmp_path / "code",
        erasure_file=tmp_path / "erasure.json",
    )
    with pytest.raises(Fault, match="household code"):
        start._code_hash_of(settings, lambda: None)
    assert not start._code_hash_of(settings, lambda: marker)
    write_marker(settings.erasure_file, marker)
    with pytest.raises(Fault, match="erased"):
        start.renew_code(settings)


def _json(marker: ErasureMarker) -> dict[str, Any]:
    stored: dict[str, Any] = msgspec.to_builtins(marker)
    return stored
