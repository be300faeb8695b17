"""What only a person can mend: one line that says what, why and what to do."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from couch.errors import Fault
from couch.secret import Secret
from provisioning.ca.authority import IssuingAuthority
from provisioning.ca.keys import new_key, sealed


def test_a_clock_before_the_authority_is_a_fault(
    authority: IssuingAuthority, folder: Path, passphrase: Secret, csr: bytes
) -> None:
    def boot() -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC)

    with pytest.raises(Fault, match=r"clock says 1970.*Set the clock"):
        IssuingAuthority(folder, passphrase, now=boot)


def test_a_wrong_pass_phrase_is_one_line(folder: Path) -> None:
    with pytest.raises(Fault, match="pass phrase is wrong") as refused:
        IssuingAuthority(folder, Secret("wrong horse battery staple"))
    assert "\n" not in str(refused.value)
    assert "horse" not in str(refused.value)


def test_a_key_that_others_may_read_is_refused(folder: Path, passphrase: Secret) -> None:
    key = next((folder / "issuing").iterdir())
    key.chmod(0o644)
    with pytest.raises(Fault, match="chmod 600"):
        IssuingAuthority(folder, passphrase)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "not a key sealed"), (b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nxx\n", "damaged")],
)
def test_a_damaged_key_is_a_fault(folder: Path, passphrase: Secret, content: bytes, why: str) -> None:
    next((folder / "issuing").iterdir()).write_bytes(content)
    with pytest.raises(Fault, match=why):
        IssuingAuthority(folder, passphrase)


def test_a_missing_key_is_a_fault(folder: Path, passphrase: Secret) -> None:
    next((folder / "issuing").iterdir()).unlink()
    with pytest.raises(Fault, match="cannot be read: no such file"):
        IssuingAuthority(folder, passphrase)


def test_another_authoritys_key_is_a_fault(folder: Path, passphrase: Secret) -> None:
    next((folder / "issuing").iterdir()).write_text(sealed(new_key(), passphrase))
    with pytest.raises(Fault, match="does not belong"):
        IssuingAuthority(folder, passphrase)


def test_no_authority_there_is_a_fault(tmp_path: Path, passphrase: Secret) -> None:
    with pytest.raises(Fault, match="survey ca init"):
        IssuingAuthority(tmp_path, passphrase)


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be read as one" * 20])
def test_damaged_records_are_a_fault(folder: Path, passphrase: Secret, content: bytes) -> None:
    (folder / "records.sqlite").write_bytes(content)
    with pytest.raises(Fault, match=r"records\.sqlite"):
        IssuingAuthority(folder, passphrase)


def test_private_keys_are_sealed_and_private(folder: Path) -> None:
    keys = [*(folder / "issuing").iterdir(), folder / "root" / "root.key.pem"]
    assert len(keys) == 2
    for key in keys:
        assert key.stat().st_mode & 0o077 == 0
        assert key.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "records.sqlite").stat().st_mode & 0o077 == 0
