"""A new issuing authority beside the old one, and one that is revoked."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from couch.certificate import read_certificate, serial_text
from couch.errors import Fault
from couch.secret import Secret
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.creation import create_authority
from provisioning.ca.publication import parse_lists
from provisioning.ca.rotation import renew_root_list, revoke_issuing, rotate

DEVICE = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c01"
HOUSEHOLD = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c02"
DAY = timedelta(days=1)
NONE = timedelta(0)
Issue = Callable[..., str]


def issuer_of(chain: str) -> str:
    return serial_text(x509.load_pem_x509_certificates(chain.encode())[1].serial_number)


def serial_of(chain: str) -> str:
    return read_certificate(chain.encode()).serial


def test_the_next_authority_is_trusted_at_once_and_issues_a_day_later(
    issue: Issue, authority: IssuingAuthority, folder: Path, passphrase: Secret, time: Any
) -> None:
    old = issuer_of(issue(DEVICE, HOUSEHOLD))
    new = rotate(folder, passphrase, passphrase, now=time).record.serial
    assert new != old
    assert len(authority.chains()) == 2
    assert authority.trust_bundle() == (folder / "trust.pem").read_text()
    assert len(parse_lists((folder / "crl.pem").read_bytes())) == 3  # the root's and both authorities'
    assert issuer_of(issue(DEVICE, HOUSEHOLD)) == old
    time.pass_by(DAY)
    assert issuer_of(issue(DEVICE, HOUSEHOLD)) == new


def test_what_the_old_authority_issued_stays_good_and_can_be_revoked(
    issue: Issue, authority: IssuingAuthority, folder: Path, passphrase: Secret, time: Any
) -> None:
    serial = serial_of(issue(DEVICE, HOUSEHOLD))
    rotate(folder, passphrase, passphrase, now=time, notice=NONE)
    assert not authority.is_revoked(serial)
    authority.revoke(serial=serial)
    assert [len(each) for each in parse_lists(authority.crl().encode())] == [0, 1, 0]


def test_an_authority_that_ended_leaves_the_bundle(
    authority: IssuingAuthority, folder: Path, passphrase: Secret, time: Any
) -> None:
    time.pass_by(timedelta(days=1000))
    new = rotate(folder, passphrase, passphrase, now=time, notice=NONE)
    time.pass_by(timedelta(days=100))
    authority.crl()
    assert authority.chains() == (new.certificate,)
    assert len(x509.load_pem_x509_certificates((folder / "trust.pem").read_bytes())) == 2


def test_one_that_waits_is_not_doubled_but_can_be_hurried(
    issue: Issue, authority: IssuingAuthority, folder: Path, passphrase: Secret, time: Any
) -> None:
    first = rotate(folder, passphrase, passphrase, now=time)
    again = rotate(folder, passphrase, passphrase, now=time)
    assert again.record.serial == first.record.serial
    assert again.takes_over_at == first.takes_over_at
    rotate(folder, passphrase, passphrase, now=time, notice=NONE)
    assert issuer_of(issue(DEVICE, HOUSEHOLD)) == first.record.serial
    assert len(authority.chains()) == 2


def test_after_the_last_one_ended_the_next_issues_at_once(
    issue: Issue, folder: Path, passphrase: Secret, time: Any
) -> None:
    time.pass_by(timedelta(days=1200))
    new = rotate(folder, passphrase, passphrase, now=time).record.serial
    assert issuer_of(issue(DEVICE, HOUSEHOLD)) == new


def test_the_root_can_be_away_and_comes_back_for_a_rotation(
    issue: Issue, authority: IssuingAuthority, folder: Path, passphrase: Secret, time: Any
) -> None:
    medium = folder.parent / "medium"
    shutil.move(folder / "root", medium)
    authority.revoke(serial=serial_of(issue(DEVICE, HOUSEHOLD)))  # the daily business needs no root
    with pytest.raises(Fault, match=r"root's key is not in .*--root"):
        rotate(folder, passphrase, passphrase, now=time)
    assert len(authority.chains()) == 1
    rotate(folder, passphrase, passphrase, now=time, root=medium)
    assert len(authority.chains()) == 2
    assert not (folder / "root").exists()


def test_another_surveys_root_is_refused(folder: Path, passphrase: Secret, time: Any, tmp_path: Path) -> None:
    other = create_authority(tmp_path / "other", passphrase, passphrase, now=time)
    with pytest.raises(Fault, match="does not belong"):
        rotate(folder, passphrase, passphrase, now=time, root=other.root)


def test_a_wrong_pass_phrase_makes_nothing(
    authority: IssuingAuthority, folder: Path, passphrase: Secret, time: Any
) -> None:
    wrong = Secret("wrong horse battery staple")
    for given in ((wrong, passphrase), (passphrase, wrong)):
        with pytest.raises(Fault, match="pass phrase is wrong"):
            rotate(folder, *given, now=time)
    assert len(authority.chains()) == 1
    assert len(list((folder / "issuing").iterdir())) == 1


def test_a_revoked_authority_takes_all_its_certificates_with_it(
    issue: Issue, authority: IssuingAuthority, folder: Path, passphrase: Secret, time: Any
) -> None:
    old = issue(DEVICE, HOUSEHOLD)
    rotate(folder, passphrase, passphrase, now=time, notice=NONE)
    new = issue(DEVICE, HOUSEHOLD)
    stolen = issuer_of(old)
    assert revoke_issuing(folder, passphrase, passphrase, stolen, "key_compromise", now=time)
    assert not revoke_issuing(folder, passphrase, passphrase, stolen, "key_compromise", now=time)
    assert authority.is_revoked(serial_of(old))
    assert not authority.is_revoked(serial_of(new))
    roots = parse_lists((folder / "crl.pem").read_bytes())[0]
    assert [serial_text(entry.serial_number) for entry in roots] == [stolen]
    assert len(authority.chains()) == 1


def test_the_only_authority_revoked_leaves_none_in_force(
    issue: Issue, folder: Path, passphrase: Secret, time: Any
) -> None:
    stolen = issuer_of(issue(DEVICE, HOUSEHOLD))
    revoke_issuing(folder, passphrase, passphrase, stolen, "key_compromise", now=time)
    with pytest.raises(Fault, match="no issuing authority is in force"):
        issue(DEVICE, HOUSEHOLD)
    new = rotate(folder, passphrase, passphrase, now=time).record.serial
    assert issuer_of(issue(DEVICE, HOUSEHOLD)) == new


def test_a_device_is_not_revoked_as_if_it_were_an_authority(
    issue: Issue, folder: Path, passphrase: Secret, time: Any
) -> None:
    with pytest.raises(Fault, match="not the serial number of an issuing"):
        revoke_issuing(
            folder, passphrase, passphrase, serial_of(issue(DEVICE, HOUSEHOLD)), "superseded", now=time
        )


def test_the_roots_list_is_renewed_with_the_root(folder: Path, passphrase: Secret, time: Any) -> None:
    before = parse_lists((folder / "crl.pem").read_bytes())[0].next_update_utc
    time.pass_by(300 * DAY)
    renew_root_list(folder, passphrase, passphrase, now=time)
    after = parse_lists((folder / "crl.pem").read_bytes())[0].next_update_utc
    assert before is not None
    assert after == before + 300 * DAY


def test_a_root_that_ended_says_so(folder: Path, passphrase: Secret, time: Any) -> None:
    time.pass_by(timedelta(days=20 * 365 + 1))
    with pytest.raises(Fault, match="root ended"):
        rotate(folder, passphrase, passphrase, now=time)
