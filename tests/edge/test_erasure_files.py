"""Which local files are one household's, and that a settings file stays one."""

import tomllib
from pathlib import Path

import pytest

from couch.errors import Fault
from edge.centre_identity import CentreIdentity
from edge.erasure_files import erase_certificate, erase_household_files

PAGE = """# Settings of the page.
device = "d"
household_code_hash = "scrypt:4096:8:2$salt$hash"
port = 8080

[local]
user = "page"
"""


def test_code_and_session_key_go_from_their_usual_places(tmp_path: Path) -> None:
    for name in ("household-code.hash", "page-session.key", "device.key"):
        (tmp_path / name).write_text("x")
    assert erase_household_files(tmp_path) == ("household-code.hash", "page-session.key")
    assert [file.name for file in tmp_path.iterdir()] == ["device.key"]
    assert erase_household_files(tmp_path) == ()


def test_they_go_from_where_the_pages_settings_put_them(tmp_path: Path) -> None:
    (tmp_path / "page.toml").write_text('household_code_file = "kept/code"\n')
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "code").write_text("x")
    assert erase_household_files(tmp_path) == ("kept/code",)
    assert not list((tmp_path / "kept").iterdir())


def test_a_code_inside_the_settings_goes_and_the_rest_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.toml"
    page.write_text(PAGE)
    assert erase_household_files(tmp_path) == ("household_code_hash",)
    assert tomllib.loads(page.read_text()) == {"device": "d", "port": 8080, "local": {"user": "page"}}
    assert page.stat().st_mode & 0o077 == 0


def test_settings_that_cannot_be_read_are_told_to_a_person(tmp_path: Path) -> None:
    (tmp_path / "page.toml").write_text("device = ")
    with pytest.raises(Fault, match=r"page\.toml"):
        erase_household_files(tmp_path)


def test_the_certificate_goes_and_its_absence_is_no_fault(tmp_path: Path) -> None:
    identity = CentreIdentity(tmp_path / "ca.pem", tmp_path / "device.pem", tmp_path / "device.key")
    identity.certificate.write_text("x")
    for _ in range(2):
        erase_certificate(identity)
    assert not identity.certificate.exists()
    erase_certificate(None)
