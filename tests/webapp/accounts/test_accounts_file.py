"""The file that holds the accounts."""

import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from couch.errors import Fault
from webapp.accounts.accounts_file import AccountsFile


def test_the_file_and_those_beside_it_are_for_their_owner_alone(ada: Any) -> None:
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in ada.path.parent.iterdir()}
    assert modes == {"accounts.sqlite": 0o600, "accounts.sqlite-wal": 0o600, "accounts.sqlite-shm": 0o600}


def test_a_file_that_others_can_read_is_refused(ada: Any) -> None:
    ada.path.chmod(0o640)
    with pytest.raises(Fault, match="chmod 600"):
        AccountsFile(ada.path)


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite"
    file.touch(0o600)
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE recipe (name)")
    connection.commit()
    connection.close()
    with pytest.raises(Fault, match="something else"):
        AccountsFile(file)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "letter"
    file.touch(0o600)
    file.write_text("Dear grandmother, " * 100)
    with pytest.raises(Fault, match="cannot be used"):
        AccountsFile(file)
    assert file.read_text().startswith("Dear")


def test_a_file_of_a_newer_version_is_refused(ada: Any) -> None:
    with ada.file.writing() as tables:
        tables.execute("PRAGMA user_version = 99")
    with pytest.raises(Fault, match="newer version"):
        AccountsFile(ada.path)


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="accounts_file"):
        AccountsFile(tmp_path / "nowhere" / "accounts.sqlite")


def test_what_fails_half_way_changes_nothing(ada: Any) -> None:
    def break_off() -> None:
        with ada.file.writing() as tables:
            tables.execute("DELETE FROM account")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        break_off()
    assert [one.name for one in ada.directory.all()] == ["ada"]


def test_another_process_sees_a_change_at_once(ada: Any) -> None:
    other = AccountsFile(ada.path)
    with other.writing() as tables:
        tables.execute("UPDATE account SET disabled = 1")
    assert ada.directory.find("ada").state == "disabled"
