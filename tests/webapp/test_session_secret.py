"""The key that signs sessions."""

import stat
from pathlib import Path

import pytest

from couch.errors import Fault
from webapp.session_secret import session_secret


def test_the_first_start_makes_a_key_for_its_owner_alone_and_later_ones_read_it(tmp_path: Path) -> None:
    file = tmp_path / "session.key"
    key = session_secret(file)
    assert len(key) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert session_secret(file) == key
    assert list(tmp_path.iterdir()) == [file]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "session.key"
    session_secret(file)
    file.chmod(0o644)
    with pytest.raises(Fault, match="chmod 600"):
        session_secret(file)


def test_half_a_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "session.key"
    file.touch(0o600)
    with pytest.raises(Fault, match="too short"):
        session_secret(file)


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="session_secret_file"):
        session_secret(tmp_path / "nowhere" / "session.key")
