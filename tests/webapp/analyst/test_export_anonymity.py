"""Exports in which too few households are alike do not go out; the others say how alike theirs are."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from couch.documents import ConsentState, Context
from webapp.analyst.anonymity.settings import AnonymitySettings
from webapp.analyst.anonymity.statement import TooFewAlike
from webapp.analyst.export_archive import archive
from webapp.analyst.export_folder import export_to_folder
from webapp.analyst.export_request import parse_request

WISH = parse_request("2026-01-01", "2026-02-01", None, "csv", tables=("measurements", "context"))


@pytest.fixture
def two_of_three(month: Any) -> Any:
    """Three households take part, two of them have readings."""
    month.held = [Context(household=f"{n:032x}", consent=ConsentState.GRANTED) for n in range(3)]
    return month


def asking_for(source: Any, threshold: int) -> Any:
    source.anonymity = AnonymitySettings(threshold=threshold)
    return source


def test_the_package_says_how_alike_its_households_are(
    two_of_three: Any, ledger: Any, tmp_path: Path
) -> None:
    export_to_folder(WISH, tmp_path / "out", asking_for(two_of_three, 2), ledger)
    told = json.loads((tmp_path / "out" / "datapackage.json").read_text())["anonymity"]
    assert (told["k"], told["threshold"], told["households"]) == (2, 2, 2)
    assert "region" in {each["name"] for each in told["quasi_identifiers"]}


def test_an_archive_says_it_too(two_of_three: Any, ledger: Any) -> None:
    data = b"".join(archive(WISH, asking_for(two_of_three, 2), ledger))
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        assert json.loads(bundle.read("datapackage.json"))["anonymity"]["k"] == 2


def test_what_is_refused_by_the_selection_alone_is_refused_before_anything_is_read(
    two_of_three: Any, ledger: Any, tmp_path: Path
) -> None:
    source = asking_for(two_of_three, 4)
    with pytest.raises(TooFewAlike):
        next(archive(WISH, source, ledger))
    with pytest.raises(TooFewAlike):
        export_to_folder(WISH, tmp_path / "out", source, ledger)
    assert (source.asked, ledger.records, (tmp_path / "out").exists()) == ([], [], False)


def test_readings_of_too_few_leave_nothing_behind(two_of_three: Any, ledger: Any, tmp_path: Path) -> None:
    source = asking_for(two_of_three, 3)
    with pytest.raises(TooFewAlike):
        export_to_folder(WISH, tmp_path / "out", source, ledger)
    assert (ledger.records, [each.name for each in (tmp_path / "out").rglob("*")]) == ([], [])
    with pytest.raises(TooFewAlike):
        b"".join(archive(WISH, source, ledger))
    assert ledger.records == []
