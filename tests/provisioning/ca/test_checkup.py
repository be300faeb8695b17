"""`survey ca check` names what is wrong or will be, and nothing else."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from couch.certificate import read_certificate
from couch.secret import Secret
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.checkup import check_authority
from provisioning.ca.rotation import rotate

DEVICE = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c01"
HOUSEHOLD = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c02"
Check = Callable[[], list[tuple[str, str]]]


@pytest.fixture
def check(authority: IssuingAuthority, time: Any) -> Check:
    """Level and text of each finding, with the root taken offline."""
    shutil.move(authority.folder.root, authority.folder.path.parent / "root")

    def checked() -> list[tuple[str, str]]:
        found = check_authority(authority.folder, authority.records, time())
        assert all(each.remedy for each in found)
        return [(each.level, each.what) for each in found]

    return checked


def one(found: list[tuple[str, str]], level: str, what: str) -> bool:
    return len(found) == 1 and found[0][0] == level and what in found[0][1]


def test_a_new_authority_whose_root_is_offline_is_well(check: Check) -> None:
    assert check() == []


def test_a_root_that_stayed_on_the_machine_is_a_warning(authority: IssuingAuthority, time: Any) -> None:
    found = check_authority(authority.folder, authority.records, time())
    assert [each.level for each in found] == ["warning"]
    assert "root's key lies on this machine" in found[0].what


def test_a_list_past_half_of_its_time_is_a_fault(
    check: Check, authority: IssuingAuthority, time: Any
) -> None:
    time.pass_by(timedelta(days=4))
    assert one(check(), "fault", "half of its time")
    authority.crl()
    assert check() == []


def test_an_unpublished_revocation_is_a_fault(
    check: Check, authority: IssuingAuthority, issue: Callable[..., str], time: Any
) -> None:
    serial = read_certificate(issue(DEVICE, HOUSEHOLD).encode()).serial
    authority.records.revoke(serial, time(), "unspecified")
    assert one(check(), "fault", "a revoked certificate is missing")


def test_an_authority_near_its_end_is_a_warning_until_the_next_is_made(
    check: Check, authority: IssuingAuthority, passphrase: Secret, time: Any
) -> None:
    time.pass_by(timedelta(days=3 * 365 - 100))
    authority.crl()
    assert ("warning", "the last issuing authority ends at 2028-06-30T12:00:00Z") in check()
    place = authority.folder.path
    rotate(place, passphrase, passphrase, root=place.parent / "root", now=time)
    assert check() == []


def test_no_authority_in_force_is_a_fault(check: Check, time: Any) -> None:
    time.pass_by(timedelta(days=3 * 365 + 1))
    assert ("fault", "no issuing authority is in force") in check()


def test_the_roots_list_is_named_before_it_ends_and_after(
    check: Check, authority: IssuingAuthority, time: Any
) -> None:
    time.pass_by(timedelta(days=350))
    authority.crl()
    assert one(check(), "warning", "root's revocation list ends")
    time.pass_by(timedelta(days=60))
    authority.crl()
    assert one(check(), "fault", "root's revocation list ends")


def test_published_files_that_are_missing_or_old_are_a_fault(
    check: Check, authority: IssuingAuthority
) -> None:
    trust = authority.folder.trust.read_text()
    authority.folder.trust.write_text(trust + trust)
    assert one(check(), "fault", "trust.pem is not what the records say")
    authority.folder.crl.unlink()
    assert any("crl.pem is due: it cannot be read" in what for _, what in check())
    authority.crl()
    assert check() == []


def test_files_open_to_others_and_missing_keys_are_faults(check: Check, authority: IssuingAuthority) -> None:
    authority.folder.records.chmod(0o644)
    assert one(check(), "fault", "records.sqlite can be read by others")
    authority.folder.records.chmod(0o600)
    next(authority.folder.issuing.iterdir()).unlink()
    assert one(check(), "fault", "is missing")
