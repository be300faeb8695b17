"""What went out is recorded by pseudonyms, and later packages say who is to be taken out of it."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from couch.errors import Unreachable
from webapp.analyst.export_archive import archive
from webapp.analyst.export_folder import export_to_folder
from webapp.analyst.export_ledger import Withdrawn
from webapp.analyst.export_request import parse_request

BOTH = ("0" * 32, "0" * 31 + "1")


def wish(household: str | None = None) -> Any:
    return parse_request("2026-01-01", "2026-01-04", household, "ndjson")


def package(folder: Path) -> Any:
    return json.loads((folder / "datapackage.json").read_text())


def test_an_export_records_whose_measurements_it_holds(month: Any, ledger: Any, tmp_path: Path) -> None:
    done = export_to_folder(wish(), tmp_path, month, ledger)
    assert ledger.records == [(done.files[0].sha256, BOTH)]
    assert package(tmp_path)["households"] == list(BOTH)


def test_a_download_records_it_as_well(month: Any, ledger: Any) -> None:
    bundle = zipfile.ZipFile(io.BytesIO(b"".join(archive(wish(BOTH[1]), month, ledger))))
    described = json.loads(bundle.read("datapackage.json"))
    assert described["households"] == [BOTH[1]]
    assert ledger.records == [(described["resources"][0]["hash"].removeprefix("sha256:"), (BOTH[1],))]


def test_later_packages_list_withdrawals(month: Any, ledger: Any, tmp_path: Path) -> None:
    ledger.withdrawn = (Withdrawn("a" * 32, "erased"), Withdrawn("b" * 32, "revoked"))
    export_to_folder(wish(), tmp_path, month, ledger)
    assert package(tmp_path)["withdrawals"] == [
        {"household": "a" * 32, "withdrawn": "erased"},
        {"household": "b" * 32, "withdrawn": "revoked"},
    ]


def test_an_export_that_goes_on_remembers_whose_measurements_it_has(
    month: Any, ledger: Any, tmp_path: Path
) -> None:
    month.measurements_.sort(key=lambda item: item.household)
    month.breaks_after = 600  # everything of the first household, something of the second
    with pytest.raises(KeyboardInterrupt):
        export_to_folder(wish(), tmp_path, month, ledger)
    month.measurements_ = [item for item in month.measurements_ if item.household == BOTH[1]]
    export_to_folder(wish(), tmp_path, month, ledger)
    assert ledger.records[0][1] == BOTH


def test_what_cannot_be_recorded_does_not_go_out(month: Any, ledger: Any, tmp_path: Path) -> None:
    ledger.error = Unreachable("gone")
    with pytest.raises(Unreachable):
        export_to_folder(wish(), tmp_path, month, ledger)
    assert not (tmp_path / "datapackage.json").exists()
    assert not (tmp_path / "measurements.ndjson").exists()
    with pytest.raises(Unreachable):
        list(archive(wish(), month, ledger))
