"""A device joins, renews and comes back through a real TLS door; each trouble there is one line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from couch.bundle import bundle_text
from couch.enrolment import EnrolmentRefused
from couch.errors import Fault, Unreachable
from couch.secret import Secret
from edge.centre_identity import CentreIdentity
from edge.enrolment_client import EnrolmentClient
from edge.joining import Joined, join
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.creation import create_authority
from provisioning.enrolment_service import opened_enrolment

PASSPHRASE = Secret("correct horse battery staple")


@pytest.fixture
def device(centre: Any, door: Any, tmp_path: Path) -> Any:
    """`device()` joins with a new household's bundle, through the door; its files are in `device.folder`."""
    return Device(centre, door, tmp_path)


class Device:
    def __init__(self, centre: Any, door: Any, folder: Path) -> None:
        self.bundle, file = centre.invited()
        self.folder = folder / "device"
        self.file = folder / file.name
        self.go_to(door)

    def go_to(self, door: Any) -> None:
        self.file.write_text(bundle_text(msgspec.structs.replace(self.bundle, centre_url=door.url)))

    def __call__(self) -> Joined:
        return join(self.file, self.folder)

    @property
    def identity(self) -> CentreIdentity:
        return CentreIdentity(self.folder / "ca.pem", self.folder / "device.pem", self.folder / "device.key")

    def client(self, door: Any) -> EnrolmentClient:
        return EnrolmentClient(door.url, self.identity)


def test_a_device_joins_and_renews(device: Device, door: Any) -> None:
    joined = device()
    assert joined.facts.device == device.bundle.device
    chain = device.client(door).renew(device.identity.load_key())
    new = device.identity.take(
        chain, device.identity.load_key(), device=joined.device, household=joined.household
    )
    assert new.serial != joined.facts.serial
    assert [path for path, _ in door.seen] == ["/enrol", "/renew"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_connection_that_breaks_costs_another_run(device: Device, door: Any, moment: str) -> None:
    failures = iter([True])
    door.fail = lambda when, _path: when == moment and next(failures, False)
    with pytest.raises(Unreachable, match="run this again"):
        device()
    assert device().facts.device == device.bundle.device


def test_another_machine_with_the_same_bundle_is_refused(device: Device, door: Any, tmp_path: Path) -> None:
    device()
    with pytest.raises(Fault, match="Another device used this bundle"):
        join(device.file, tmp_path / "thief")


def test_a_centre_that_is_not_there_is_said(device: Device, door: Any) -> None:
    door.close()
    with pytest.raises(Unreachable, match="cannot be reached"):
        device()


def test_a_centre_of_another_survey_is_said(device: Device, make_door: Any, tmp_path: Path) -> None:
    create_authority(tmp_path / "other", PASSPHRASE, PASSPHRASE)
    with IssuingAuthority(tmp_path / "other", PASSPHRASE) as other:
        foreign = make_door(other)
    device.go_to(foreign)
    with pytest.raises(Fault, match="not this survey's centre"):
        device()
    assert foreign.seen == [], "the code was not told to a stranger"


def test_a_centre_under_another_name_is_said(device: Device, make_door: Any, centre: Any) -> None:
    with IssuingAuthority(centre.ca, PASSPHRASE) as authority:
        other = make_door(authority, "centre.example.org")
    device.go_to(other)
    with pytest.raises(Fault, match="another name"):
        device()
    assert other.seen == []


def test_a_centre_whose_certificate_has_ended_is_a_question_of_the_clock(
    device: Device, make_door: Any, centre: Any
) -> None:
    # Issued as if a year and more ago, below an issuing authority of that time.
    long_ago = datetime.now(UTC) - timedelta(days=500)
    folder = device.folder.parent / "old"
    create_authority(folder, PASSPHRASE, PASSPHRASE, now=lambda: long_ago)
    with IssuingAuthority(folder, PASSPHRASE, now=lambda: long_ago) as old:
        ended = make_door(old)
    device.bundle = msgspec.structs.replace(device.bundle, ca=(folder / "root.pem").read_text())
    device.go_to(ended)
    with pytest.raises(Fault, match="Set the clock"):
        device()


def test_a_device_past_its_end_comes_back_and_the_list_shows_it(
    device: Device, door: Any, centre: Any, app_of: Any
) -> None:
    """The centre's time is moved; TLS does not see it, since this path shows no certificate."""
    joined = device()
    later = datetime.now(UTC) + timedelta(days=100)
    environ = {"SURVEY_CA_PASSPHRASE": PASSPHRASE.reveal()}
    with opened_enrolment(centre.settings(), environ, now=lambda: later) as moved:
        door.app = app_of(moved)
        key = device.identity.load_key()
        chain = device.client(door).come_back(key)
    new = device.identity.take(chain, key, device=joined.device, household=joined.household)
    assert new.not_after > later
    (listed,) = centre.device("list", "--household", joined.household)
    assert len(listed["returns"]) == 1
    serial = centre.database(joined.household).get(f"device:{joined.device}")["certificate_serial"]
    assert serial == new.serial


def test_a_certificate_that_holds_is_not_brought_back(device: Device, door: Any) -> None:
    device()
    with pytest.raises(EnrolmentRefused, check=lambda err: err.code == "certificate_valid"):
        device.client(door).come_back(device.identity.load_key())


def test_a_revoked_device_is_not_renewed(device: Device, door: Any, centre: Any) -> None:
    device()
    centre.device("revoke", device.bundle.device)
    with pytest.raises(EnrolmentRefused, check=lambda err: err.code == "certificate_revoked"):
        device.client(door).renew(device.identity.load_key())


def test_renewal_without_a_certificate_is_refused(device: Device, door: Any) -> None:
    device()
    answer = requests.post(f"{door.url}/renew", json={"csr": "x"}, verify=str(device.identity.ca), timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (401, "certificate_missing")
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/enrol", b""),
        ("/enrol", b"[]"),
        ("/enrol", b'{"device": 1, "code": "x", "csr": "x"}'),
        ("/enrol", b'{"device": "00000000-0000-4000-8000-000000000000", "code": "x", "csr": "x", "y": 1}'),
        ("/enrol", b"\xff\xfe"),
        ("/enrol", b" " * 60_000),
        ("/return", b'{"certificate": ""}'),
    ],
)
def test_a_body_that_is_none_is_a_problem(device: Device, door: Any, path: str, body: bytes) -> None:
    device()
    answer = requests.post(door.url + path, data=body, verify=str(device.identity.ca), timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_did_not_come_through_the_listener_counts_for_nothing(door: Any) -> None:
    for secret in ({}, {"X-Survey-Proxy-Secret": "guessed"}, {"X-Survey-Proxy-Secret": ""}):
        for path in ("/enrol", "/renew", "/return"):
            answer = door.app.test_client().post(path, json={}, headers=secret)
            assert answer.status_code == 401
            assert answer.get_json()["code"] == "certificate_missing"


def test_a_full_house_is_told_when_to_come_again(device: Device, door: Any) -> None:
    device()
    key, client = device.identity.load_key(), device.client(door)
    for _ in range(11):
        client.renew(key)
    with pytest.raises(EnrolmentRefused) as caught:
        client.renew(key)
    assert caught.value.code == "too_many"
    assert caught.value.retry_after_s > 3600
