"""Making a version: what it holds, what keeps it from going out, what an interruption leaves."""

import csv
import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from frictionless import Package

from couch.documents import ConsentState
from couch.errors import Fault, Unreachable
from webapp.analyst.anonymity.statement import TooFewAlike
from webapp.analyst.export_ledger import Withdrawn
from webapp.analyst.releases.making import Maker, make_release
from webapp.analyst.releases.record import ReleaseRecord
from webapp.analyst.releases.store import ReleaseStore
from webapp.analyst.selection import Selection


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_version_holds_every_table_as_csv_and_parquet_by_months(
    maker: Maker, store: ReleaseStore, selection: Selection
) -> None:
    made = make_release(maker, "energy", selection)
    assert made.fresh
    folder = store.folder / "energy" / "1"
    with (folder / "data" / "measurements.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 6 * 3 * 48
    parts = sorted((folder / "data" / "measurements").glob("month=*/part-0.parquet"))
    assert [part.parent.name for part in parts] == ["month=2026-01", "month=2026-02"]
    assert sum(pq.read_metadata(part).num_rows for part in parts) == len(rows)
    unit = pq.read_schema(folder / "data/intervals/month=2026-01/part-0.parquet").field("energy").metadata
    assert unit[b"unit"] == b"kWh"
    assert {file.path for file in made.record.files} == set(_bytes(folder)) - {"release.json"}


def test_the_reference_implementation_finds_nothing_wrong_with_it(
    maker: Maker, store: ReleaseStore, selection: Selection
) -> None:
    make_release(maker, "energy", selection)
    package = Package(str(store.folder / "energy" / "1" / "datapackage.json"))
    others = [name for name in package.resource_names if package.get_resource(name).format != "csv"]
    for name in others:  # it reads Parquet by another library only; its bytes are compared below
        package.remove_resource(name)
    report = package.validate()
    assert report.valid, report.flatten(["title", "message"])
    assert [task.name for task in report.tasks] == [
        "context",
        "gaps",
        "intervals",
        "measurements",
        "meters",
        "pv-systems",
    ]


def test_the_descriptor_says_what_it_was_made_of_and_how_alike_households_are(
    maker: Maker, store: ReleaseStore, selection: Selection
) -> None:
    record = make_release(maker, "energy", selection).record
    folder = store.folder / "energy" / "1"
    package = json.loads((folder / "datapackage.json").read_text())
    assert (package["name"], package["version"], package["licenses"]) == (
        "energy",
        "1",
        [{"name": "CC-BY-4.0"}],
    )
    assert package["created_from"] == {"research": "12-abc", "research-2026-01": "900-x"}
    assert (package["anonymity"]["k"], package["anonymity"]["threshold"]) == (6, 3) == (record.k, 3)
    assert package["households"] == list(record.households) == list(record.unblurred)
    for resource in package["resources"]:
        content = (folder / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert resource["bytes"] == len(content)


def test_the_citation_names_title_version_authors_and_licence(
    maker: Maker, store: ReleaseStore, selection: Selection
) -> None:
    make_release(maker, "energy", selection)
    lines = (store.folder / "energy" / "1" / "CITATION.cff").read_text().splitlines()
    assert 'version: "1"' in lines
    assert 'date-released: "2026-03-01"' in lines
    assert '  - name: "Institute of Energy: Section \\"A\\""' in lines
    assert 'license: "CC-BY-4.0"' in lines


def test_the_same_data_give_no_new_version_however_they_are_read(
    maker: Maker, survey: Any, store: ReleaseStore, selection: Selection
) -> None:
    make_release(maker, "energy", selection)
    before = _bytes(store.folder)
    survey.batch = 37
    again = make_release(maker, "energy", selection)
    assert not again.fresh
    assert again.record.version == 1
    assert _bytes(store.folder) == before


def test_every_file_is_in_the_ledger_before_it_is_published(
    maker: Maker, selection: Selection, ledger: Any
) -> None:
    record = make_release(maker, "energy", selection).record
    data = {file.sha256 for file in record.files if file.path.startswith("data/")}
    assert set(ledger.records) == data
    assert {households for _, households in ledger.records.values()} == {record.households}


def test_other_data_give_the_next_version_with_the_withdrawals_since(
    maker: Maker, survey: Any, store: ReleaseStore, selection: Selection, ledger: Any
) -> None:
    ledger.withdrawn = (Withdrawn("f" * 32, "revoked"),)
    make_release(maker, "energy", selection)
    survey.slots = 40
    ledger.withdrawn = (Withdrawn("f" * 32, "erased"), Withdrawn("e" * 32, "revoked"))
    assert make_release(maker, "energy", selection).record.version == 2
    package = json.loads((store.folder / "energy" / "2" / "datapackage.json").read_text())
    assert (
        package["withdrawals_since_last_version"]
        == package["withdrawals"]
        == [
            {"household": "f" * 32, "withdrawn": "erased"},
            {"household": "e" * 32, "withdrawn": "revoked"},
        ]
    )


def test_too_few_alike_are_refused_and_nothing_is_published(
    maker: Maker, survey: Any, store: ReleaseStore, selection: Selection, ledger: Any
) -> None:
    survey.anonymity = survey.anonymity.at_threshold(7)
    with pytest.raises(TooFewAlike):
        make_release(maker, "energy", selection)
    assert (store.names(), ledger.records) == ([], {})
    assert not (store.folder / "energy" / ".making").exists()


def test_households_without_readings_in_the_period_do_not_count(
    maker: Maker, survey: Any, store: ReleaseStore, selection: Selection
) -> None:
    survey.anonymity = survey.anonymity.at_threshold(4)
    survey.measured = lambda number: number < 3
    with pytest.raises(TooFewAlike, match="3 households of 3"):
        make_release(maker, "energy", selection)
    survey.measured = lambda number: number < 4
    record = make_release(maker, "energy", selection).record
    assert len(record.households) == 4
    with (store.folder / "energy" / "1" / "data" / "context.csv").open() as stream:
        assert [row["household"] for row in csv.DictReader(stream)] == list(record.households)


def test_a_version_of_readings_alone_tells_of_nobody_s_place(maker: Maker, selection: Selection) -> None:
    readings = dataclasses.replace(selection, tables=("measurements", "meters"))
    record = make_release(maker, "energy", readings).record
    assert (len(record.households), record.unblurred) == (6, ())


def test_only_households_that_still_take_part_can_be_blurred_later(
    maker: Maker, survey: Any, selection: Selection
) -> None:
    survey.known[0] = msgspec.structs.replace(survey.known[0], consent=ConsentState.REVOKED, anonymized=True)
    record = make_release(maker, "energy", selection).record
    assert len(record.unblurred) == len(record.households) - 1


def test_a_data_set_that_cannot_be_recorded_is_not_published(
    maker: Maker, ledger: Any, store: ReleaseStore, selection: Selection
) -> None:
    ledger.error = Unreachable("nobody answered.")
    with pytest.raises(Unreachable):
        make_release(maker, "energy", selection)
    assert store.names() == []
    ledger.error = None
    assert make_release(maker, "energy", selection).record.version == 1


def test_a_household_that_is_erased_meanwhile_keeps_it_from_being_published(
    maker: Maker, survey: Any, ledger: Any, store: ReleaseStore, selection: Selection
) -> None:
    ledger.withdrawn = (Withdrawn(survey.known[0].household, "erased"),)
    with pytest.raises(Fault, match="make it once more"):
        make_release(maker, "energy", selection)
    assert (store.names(), ledger.records) == ([], {})


def test_what_a_killed_run_left_is_swept_away_by_the_next(
    maker: Maker, store: ReleaseStore, selection: Selection
) -> None:
    left = store.folder / "energy" / ".making" / "data"
    left.mkdir(parents=True)
    (left / "stranger.csv").write_text("half")
    make_release(maker, "energy", selection)
    assert "data/stranger.csv" not in _bytes(store.folder / "energy" / "1")


def test_one_data_set_is_made_once_at_a_time(maker: Maker, store: ReleaseStore, selection: Selection) -> None:
    with store.making("energy"), pytest.raises(Fault, match="being made already"):
        make_release(maker, "energy", selection)


def test_a_name_that_is_no_folder_s_is_refused(maker: Maker, selection: Selection) -> None:
    for name in ("../etc", "Energy", "", "a" * 61, "a/b"):
        with pytest.raises(Fault, match="no name for a data set"):
            make_release(maker, name, selection)


def test_a_folder_that_cannot_be_written_is_told_of(maker: Maker, selection: Selection) -> None:
    nowhere = dataclasses.replace(maker, store=ReleaseStore(Path("/proc/releases")))
    with pytest.raises(Fault, match="releases_folder"):
        make_release(nowhere, "energy", selection)


def test_progress_is_told_by_table(maker: Maker, selection: Selection) -> None:
    heard: list[tuple[str, int]] = []
    make_release(maker, "energy", selection, progress=lambda table, rows: heard.append((table, rows)))
    assert heard[-1] == ("gaps", 1)
    assert max(rows for table, rows in heard if table == "measurements") == 6 * 3 * 48


def test_the_record_survives_the_disk(maker: Maker, store: ReleaseStore, selection: Selection) -> None:
    record = make_release(maker, "energy", selection).record
    found = ReleaseStore(store.folder).find("energy", 1)
    assert isinstance(found, ReleaseRecord)
    assert found == record
