"""Pseudonyms are keyed, apart by kind, and never made from a key that nobody gave."""

from pathlib import Path

import pytest

from anonymizer.pseudonyms import Pseudonyms, load_pseudonyms
from couch.errors import Fault

UUID = "11111111-1111-4111-8111-111111111111"


def key_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_same_key_gives_the_same_name(tmp_path: Path) -> None:
    path = key_file(tmp_path, "ab" * 32 + "\n")
    assert load_pseudonyms(path).household(UUID) == Pseudonyms(bytes.fromhex("ab" * 32)).household(UUID)


def test_another_key_gives_another_name() -> None:
    assert Pseudonyms(b"a" * 32).household(UUID) != Pseudonyms(b"b" * 32).household(UUID)


def test_a_meter_and_a_household_of_one_uuid_have_two_names() -> None:
    names = Pseudonyms(b"a" * 32)
    assert len({names.household(UUID), names.meter(UUID), names.pv_system(UUID)}) == 3


def test_a_name_follows_hmac_sha256() -> None:
    # printf 'household:11111111-...' | openssl dgst -sha256 -mac HMAC -macopt hexkey:6161...
    assert Pseudonyms(b"a" * 32).household(UUID) == "f9eb570e5a1bfb4419952ac4c53ff527"


@pytest.mark.parametrize("text", ["", "ab", "ab" * 31, "zz" * 32, "ab" * 33])
def test_a_file_that_holds_no_key_is_a_fault(text: str, tmp_path: Path) -> None:
    with pytest.raises(Fault, match="key"):
        load_pseudonyms(key_file(tmp_path, text))


def test_a_key_that_others_can_read_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="chmod 600"):
        load_pseudonyms(key_file(tmp_path, "ab" * 32, 0o640))


def test_a_missing_key_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="cannot be read"):
        load_pseudonyms(tmp_path / "none")


def test_the_key_does_not_show() -> None:
    assert "61616161" not in repr(Pseudonyms(b"a" * 32))
    assert "aaaa" not in repr(Pseudonyms(b"a" * 32))
