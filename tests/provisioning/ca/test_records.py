"""The records as a file: what is refused, what several openers see, what never stands in it."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from couch.certificate import read_certificate
from couch.errors import Fault
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.record import Verdict
from provisioning.ca.records import CertificateRecords

DEVICE = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c01"
HOUSEHOLD = "6a0f3a55-0f0b-4d51-8a36-0d7a3f8b1c02"


def test_a_newer_format_is_refused(folder: Path) -> None:
    with sqlite3.connect(folder / "records.sqlite") as database:
        database.execute("PRAGMA user_version = 2")
    database.close()
    with pytest.raises(Fault, match="format 2, this version reads 1"):
        CertificateRecords(folder / "records.sqlite")


def test_missing_records_are_not_made_by_opening_them(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="cannot be used"):
        CertificateRecords(tmp_path / "records.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_another_opener_sees_a_revocation_at_once(
    authority: IssuingAuthority, issue: Callable[..., str], folder: Path
) -> None:
    serial = read_certificate(issue(DEVICE, HOUSEHOLD).encode()).serial
    with CertificateRecords(folder / "records.sqlite") as gateway:
        assert gateway.verdict(serial) is Verdict.GOOD
        authority.revoke(serial=serial)
        assert gateway.verdict(serial) is Verdict.REVOKED


def test_a_serial_is_recorded_once(authority: IssuingAuthority, issue: Callable[..., str]) -> None:
    record = authority.records.find(read_certificate(issue(DEVICE, HOUSEHOLD).encode()).serial)
    assert record is not None
    with pytest.raises(Fault, match="UNIQUE"):
        authority.records.add(record)
    assert authority.records.of_device(DEVICE) == [record]


def test_what_stands_in_the_records_is_what_must_survive_an_erasure(
    authority: IssuingAuthority, issue: Callable[..., str], folder: Path
) -> None:
    issue(DEVICE, HOUSEHOLD)
    database = sqlite3.connect(folder / "records.sqlite")
    columns = {row[1] for row in database.execute("PRAGMA table_info(certificates)")}
    names = [row[0] for row in database.execute("SELECT names FROM certificates WHERE kind = 'device'")]
    database.close()
    assert columns == {
        "serial",
        "issuer",
        "kind",
        "device",
        "household",
        "names",
        "not_before",
        "not_after",
        "revoked_at",
        "reason",
    }
    assert names == [None]
