"""What is revoked, what the lists say, and when they must be made anew."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509

from couch.certificate import read_certificate, serial_text
from couch.errors import Fault
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.publication import parse_lists
from provisioning.ca.record import Verdict

DEVICE = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c01"
OTHER = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c03"
HOUSEHOLD = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c02"
START = datetime(2025, 7, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
Issue = Callable[..., str]


def serial_of(chain: str) -> str:
    return read_certificate(chain.encode()).serial


def listed(crl: str) -> set[str]:
    return {serial_text(entry.serial_number) for each in parse_lists(crl.encode()) for entry in each}


def test_a_certificate_is_good_until_it_is_revoked(issue: Issue, authority: IssuingAuthority) -> None:
    serial = serial_of(issue(DEVICE, HOUSEHOLD))
    other = serial_of(issue(DEVICE, HOUSEHOLD))
    assert not authority.is_revoked(serial)
    assert authority.revoke(serial=serial, reason="key_compromise") == (serial,)
    assert authority.is_revoked(serial)
    assert not authority.is_revoked(other)
    assert listed(authority.folder.crl.read_text()) == {serial}


def test_a_serial_that_nobody_issued_counts_as_revoked(authority: IssuingAuthority) -> None:
    assert authority.is_revoked("0a")
    assert authority.records.verdict("0a") is Verdict.UNKNOWN


def test_revoking_again_changes_nothing(issue: Issue, authority: IssuingAuthority) -> None:
    serial = serial_of(issue(DEVICE, HOUSEHOLD))
    authority.revoke(serial=serial, reason="superseded")
    assert authority.revoke(serial=serial, reason="key_compromise") == ()
    record = authority.records.find(serial)
    assert record is not None
    assert record.reason == "superseded"


def test_a_device_is_revoked_with_all_its_certificates(issue: Issue, authority: IssuingAuthority) -> None:
    serials = {serial_of(issue(DEVICE, HOUSEHOLD)) for _ in range(2)}
    kept = serial_of(issue(OTHER, HOUSEHOLD))
    assert set(authority.revoke(device=DEVICE)) == serials
    assert not authority.is_revoked(kept)


def test_a_serial_is_understood_as_openssl_prints_it(issue: Issue, authority: IssuingAuthority) -> None:
    serial = serial_of(issue(DEVICE, HOUSEHOLD))
    printed = ":".join(serial[at : at + 2] for at in range(0, 40, 2)).upper()
    assert authority.revoke(serial=printed) == (serial,)


@pytest.mark.parametrize(
    ("which", "why"),
    [
        ({}, "say which"),
        ({"serial": "0a", "device": DEVICE}, "say which"),
        ({"serial": "0a"}, "no certificate"),
        ({"serial": "no serial"}, "hexadecimal"),
        ({"serial": "-1"}, "hexadecimal"),
        ({"device": DEVICE}, "never had"),
    ],
)
def test_what_cannot_be_revoked_is_said(authority: IssuingAuthority, which: dict[str, str], why: str) -> None:
    with pytest.raises(Fault, match=why):
        authority.revoke(**which)


def test_an_authority_is_not_revoked_as_if_it_were_a_device(authority: IssuingAuthority) -> None:
    for each in authority.records.authorities():
        with pytest.raises(Fault, match="only the root"):
            authority.revoke(serial=each.record.serial)


def test_a_certificate_that_says_something_else_than_was_issued_is_unknown(
    issue: Issue, authority: IssuingAuthority
) -> None:
    facts = read_certificate(issue(DEVICE, HOUSEHOLD).encode())
    assert authority.records.judge(facts) is Verdict.GOOD
    assert authority.records.judge(replace(facts, household=OTHER)) is Verdict.UNKNOWN
    assert authority.records.judge(replace(facts, not_after=facts.not_after + DAY)) is Verdict.UNKNOWN
    assert authority.records.judge(replace(facts, farewell=True)) is Verdict.UNKNOWN
    authority.revoke(serial=facts.serial)
    assert authority.records.judge(facts) is Verdict.REVOKED


def test_lists_are_numbered_upwards_and_end_in_a_week(authority: IssuingAuthority) -> None:
    numbers = []
    for _ in range(3):
        issuing = parse_lists(authority.crl().encode())[1]
        assert issuing.next_update_utc == START + 7 * DAY
        numbers.append(issuing.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number)
    assert numbers == sorted(set(numbers))


def test_a_revoked_certificate_that_has_ended_leaves_the_list(
    issue: Issue, authority: IssuingAuthority, time: Any
) -> None:
    serial = serial_of(issue(DEVICE, HOUSEHOLD))
    authority.revoke(serial=serial)
    time.pass_by(91 * DAY)
    assert listed(authority.crl()) == set()
    assert authority.is_revoked(serial)


def test_the_list_is_due_at_half_time_and_after_an_unpublished_revocation(
    issue: Issue, authority: IssuingAuthority, time: Any
) -> None:
    serial = serial_of(issue(DEVICE, HOUSEHOLD))
    assert not authority.crl_due()
    authority.records.revoke(serial, START, "unspecified")  # and killed before it was published
    assert authority.crl_due()
    assert serial in listed(authority.crl())
    assert not authority.crl_due()
    time.pass_by(4 * DAY)
    assert authority.crl_due()


def test_threads_issue_and_revoke_beside_each_other(issue: Issue, authority: IssuingAuthority) -> None:
    done: list[str] = []

    def work() -> None:
        for _ in range(5):
            serial = serial_of(issue(DEVICE, HOUSEHOLD))
            authority.revoke(serial=serial)
            done.append(serial)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(done)) == 20
    assert listed(authority.folder.crl.read_text()) == set(done)
