"""The certificate is renewed in time, and brought back after its end; time is the test's."""

import random
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from couch.certificate import CertificateFacts
from couch.enrolment import EnrolmentRefused
from couch.errors import Unreachable
from couch.secret import Secret
from edge.centre_identity import CentreIdentity, IdentityState, renewal_due, signing_request, state_at
from edge.heartbeat import Vitals
from edge.renewal import Renewal
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.creation import create_authority

PASSPHRASE = Secret("correct horse battery staple")
START = datetime(2027, 3, 1, tzinfo=UTC)
DEVICE = "22222222-2222-4222-8222-222222222222"
HOUSEHOLD = "33333333-3333-4333-8333-333333333333"


class Bench:
    """A device that has joined, and its centre; `at` is the time of both."""

    def __init__(self, folder: Path) -> None:
        self.at = START
        create_authority(folder / "ca", PASSPHRASE, PASSPHRASE, now=lambda: START)
        self.authority = IssuingAuthority(folder / "ca", PASSPHRASE, now=lambda: self.at)
        self.identity = CentreIdentity(folder / "ca.pem", folder / "device.pem", folder / "device.key")
        self.identity.ca.write_text(self.authority.root_certificate())
        self.key = self.identity.ensure_key()
        self.take(self.issue(self.key))
        self.asked: list[str] = []
        self.trouble: Exception | None = None
        self.erased = False
        self.told = 0
        self.vitals = Vitals()
        self.renewal = Renewal(
            self.identity, self, vitals=self.vitals, renewed=self._told, now=lambda: self.at
        )

    def _told(self) -> None:
        self.told += 1

    def take(self, chain: str) -> None:
        self.identity.take(chain, self.key, device=DEVICE, household=HOUSEHOLD)

    def issue(self, key: Any) -> str:
        return self.authority.issue_device(signing_request(key), DEVICE, HOUSEHOLD, "ada@example.org")

    def renew(self, key: Any) -> str:
        return self._answer("renew", key)

    def come_back(self, key: Any) -> str:
        return self._answer("return", key)

    def _answer(self, what: str, key: Any) -> str:
        self.asked.append(what)
        if self.trouble is not None:
            raise self.trouble
        if self.erased:
            return self.authority.issue_farewell(signing_request(key), DEVICE, HOUSEHOLD, erased=True)
        return self.issue(key)

    def facts(self) -> CertificateFacts:
        found = self.identity.facts()
        assert found is not None
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    made = Bench(tmp_path)
    yield made
    made.authority.close()


def test_nothing_is_asked_before_two_thirds_of_the_lifetime(bench: Bench) -> None:
    bench.at = START + timedelta(days=59)
    assert bench.renewal.look()
    assert bench.asked == []


def test_a_certificate_is_renewed_well_before_its_end(bench: Bench) -> None:
    bench.at = START + timedelta(days=64)
    assert bench.renewal.look()
    assert (bench.asked, bench.told) == (["renew"], 1)
    assert bench.facts().not_after == bench.at + timedelta(days=90)
    assert bench.renewal.look()
    assert bench.asked == ["renew"], "once"


def test_the_heartbeat_learns_when_the_certificate_ends(bench: Bench) -> None:
    bench.renewal.look()
    assert bench.vitals.certificate_ends == START + timedelta(days=90)
    bench.at, bench.trouble = START + timedelta(days=64), Unreachable("no network")
    bench.renewal.look()
    assert bench.vitals.certificate_ends == START + timedelta(days=90)
    bench.trouble = None
    bench.renewal.look()
    assert bench.vitals.certificate_ends == bench.at + timedelta(days=90)


def test_devices_enrolled_together_renew_apart(bench: Bench) -> None:
    due = []
    for _ in range(40):
        bench.take(bench.issue(bench.key))
        due.append(renewal_due(bench.facts()) - START)
    assert min(due) > timedelta(days=59)
    assert max(due) < timedelta(days=64)
    assert max(due) - min(due) > timedelta(days=1)


def test_a_device_that_was_offline_past_the_end_comes_back(bench: Bench) -> None:
    bench.at = START + timedelta(days=91)
    assert bench.renewal.look()
    assert bench.asked == ["return"]
    assert state_at(bench.facts(), bench.at) is IdentityState.VALID


def test_a_farewell_is_taken_up_and_asked_for_again_when_its_day_is_over(bench: Bench) -> None:
    bench.erased = True
    bench.at = START + timedelta(days=91)
    assert bench.renewal.look()
    assert bench.facts().farewell
    bench.at += timedelta(days=1, minutes=1)
    assert bench.renewal.look()
    assert bench.asked == ["return", "return"]


@pytest.mark.parametrize(
    "trouble",
    [Unreachable("nobody answers"), EnrolmentRefused("certificate_revoked", "revoked")],
)
def test_a_failure_shows_in_the_heartbeat_and_keeps_the_old_certificate(
    bench: Bench, trouble: Exception
) -> None:
    before = bench.identity.certificate.read_bytes()
    bench.at = START + timedelta(days=64)
    bench.trouble = trouble
    assert not bench.renewal.look()
    assert bench.identity.certificate.read_bytes() == before
    assert bench.vitals.errors() == (f"certificate: {trouble}",)
    bench.trouble = None
    assert bench.renewal.look()
    assert bench.vitals.errors() == ()


def test_a_certificate_for_another_device_is_not_taken(bench: Bench) -> None:
    bench.at = START + timedelta(days=64)
    before = bench.identity.certificate.read_bytes()
    bench.renew = lambda key: bench.authority.issue_device(  # type: ignore[method-assign]
        signing_request(key), HOUSEHOLD, HOUSEHOLD, "ada@example.org"
    )
    assert not bench.renewal.look()
    assert bench.identity.certificate.read_bytes() == before


def test_a_clock_before_the_certificate_s_beginning_is_waited_out(bench: Bench) -> None:
    bench.at = datetime(1970, 1, 1, tzinfo=UTC)
    assert not bench.renewal.look()
    assert bench.asked == []
    assert "clock" in bench.vitals.errors()[0]


def test_a_device_without_a_certificate_is_told_to_join(bench: Bench) -> None:
    bench.identity.certificate.unlink()
    assert not bench.renewal.look()
    assert "survey edge join" in bench.vitals.errors()[0]


@pytest.mark.parametrize("damage", ["", "nonsense"])
def test_damaged_files_are_said_and_survived(bench: Bench, damage: str) -> None:
    bench.identity.certificate.write_text(damage)
    assert not bench.renewal.look()
    assert bench.renewal.pause_s(0) <= 600
    bench.take(bench.issue(bench.key))
    bench.at = START + timedelta(days=64)
    bench.identity.key.write_text(damage)
    assert not bench.renewal.look()
    assert "private key" in bench.vitals.errors()[0]


def test_pauses_grow_from_a_minute_to_an_hour_and_end_at_the_due_moment(bench: Bench) -> None:
    random.seed(1)
    assert 30 <= bench.renewal.pause_s(1) <= 60
    assert 1800 <= bench.renewal.pause_s(20) <= 3600
    assert bench.renewal.pause_s(0) == 600
    bench.at = renewal_due(bench.facts()) - timedelta(seconds=90)
    assert bench.renewal.pause_s(0) == 90


def test_the_thread_ends_when_it_is_told_to(bench: Bench) -> None:
    bench.at = START + timedelta(days=64)
    stop = threading.Event()
    renewed = threading.Event()
    renewal = Renewal(bench.identity, bench, vitals=bench.vitals, renewed=renewed.set, now=lambda: bench.at)
    thread = threading.Thread(target=renewal.run, args=(stop,))
    thread.start()
    assert renewed.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_year_of_virtual_time_needs_six_certificates(bench: Bench) -> None:
    while bench.at < START + timedelta(days=365):
        assert bench.renewal.look()
        assert bench.facts().valid_at(bench.at)
        bench.at += timedelta(days=1)
    assert bench.asked == ["renew"] * 5
