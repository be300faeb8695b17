"""A copy appears whole or not at all, for its owner alone."""

import json
import stat
from pathlib import Path

import pytest

from couch.errors import Fault
from provisioning.rights.copy_files import copy_folder


def test_folder_and_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    with copy_folder(tmp_path / "copy") as folder, folder.file("a.ndjson") as file:
        file.json_line({"a": 1})
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "copy" / "a.ndjson").stat().st_mode) == 0o600
    assert json.loads((tmp_path / "copy" / "a.ndjson").read_text()) == {"a": 1}


def test_files_are_described_by_records_bytes_and_checksum(tmp_path: Path) -> None:
    with copy_folder(tmp_path / "copy") as folder:
        with folder.file("a.csv") as file:
            file.csv_row(["x"], header=True)
            file.csv_row([1])
        (described,) = folder.files
    assert (described["name"], described["records"], described["bytes"]) == ("a.csv", 1, 4)
    assert len(str(described["sha256"])) == 64


def test_an_interrupted_copy_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with copy_folder(tmp_path / "copy") as folder:
            with folder.file("a.ndjson") as file:
                file.json_line({"name": "Ada"})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="is there already"), copy_folder(tmp_path):
        pass


def test_a_cell_cannot_become_a_formula(tmp_path: Path) -> None:
    with copy_folder(tmp_path / "copy") as folder, folder.file("a.csv") as file:
        file.csv_row(["=1+1", -5])
    assert (tmp_path / "copy" / "a.csv").read_text() == "'=1+1,-5\n"
