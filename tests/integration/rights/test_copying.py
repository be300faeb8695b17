"""A copy from a database server: everything is in it, counted against the databases."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from couch.clock import Clock
from couch.documents import ExportRecord, Report
from couch.errors import Fault
from couch.names import REGISTRY, RESEARCH
from provisioning.rights.copying import Copied, copy_household
from provisioning.rights.erasing import erase_household
from provisioning.rights.household_content import HouseholdContent


def copy(centre: Any, household: Any, out: Path) -> Copied:
    content = HouseholdContent(centre.admin, household.uuid, centre.pseudonyms)
    return copy_household(content, centre.settings.ca_folder, out, Clock().now())


def lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_everything_that_is_held_is_in_the_copy(centre: Any, measured: Any, tmp_path: Path) -> None:
    at = measured.measurement(0).slot
    report = Report(report="00000000-0000-4000-8000-00000000000a", at=at, text="my name is spelt wrongly")
    measured.as_device.put(report.to_json())
    centre.take(measured)
    registry = centre.worker.database(REGISTRY)
    registry.put(registry.get(f"reported:{measured.uuid}:{report.report}") | {"note": "spelt anew"})
    rival = {**measured.measurement(0, value=4711).to_json()}
    measured.push_forged(rival, "1-" + "f" * 32)
    pseudonym = centre.pseudonyms.household(measured.uuid)
    record = ExportRecord(
        sha256="cd" * 32, at=at, from_at=at, to_at=at, format="csv", households=("e" * 32, pseudonym)
    )
    centre.worker.database(RESEARCH).put_once(record.to_json())
    out = tmp_path / "copy"
    copied = copy(centre, measured, out)

    records = json.loads((out / "records.json").read_text())["records"]
    held = [doc["_id"] for doc in measured.admin.documents()]
    copied_ids = [doc["_id"] for doc in records["household"]]
    copied_ids += [doc["_id"] for doc in lines(out / "measurements.ndjson")]
    assert sorted(copied_ids) == sorted(held)
    both = [*lines(out / "revisions.ndjson"), *lines(out / "measurements.ndjson")]
    values = {doc["data"][0]["value"] for doc in both if doc["_id"] == rival["_id"]}
    assert values == {1000, 4711}
    assert [doc["name"] for doc in records["registry"] if doc.get("type") == "household_summary"] == [
        "Ada Lovelace"
    ]
    assert [doc["note"] for doc in records["registry"] if doc.get("type") == "reported"] == ["spelt anew"]
    assert [doc["_id"] for doc in records["research"]] == [f"context:{pseudonym}"]
    assert [doc["households"] for doc in records["exports"]] == [[pseudonym]]
    assert [doc["name"] for doc in records["accounts"]] == [f"device-{measured.device}"]
    assert "derived_key" not in json.dumps(records["accounts"])
    assert records["access"][0]["consent"]["state"] == "granted"
    assert {each["kind"] for each in copied.pseudonyms} == {"household", "meter", "pv_system"}
    assert len(lines(out / "research.ndjson")) == 8
    with (out / "measurements.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 8
    assert {row["unit"] for row in rows} == {"Wh"}
    page = (out / "copy.html").read_text()
    for text in ("Ada Lovelace", "spelt wrongly", "Musterweg", pseudonym, "Nennleistung", "Nominal power"):
        assert text in page


def test_a_copy_after_a_revocation_and_after_an_erasure(
    centre: Any, measured: Any, anonymizing: Any, tmp_path: Path
) -> None:
    measured.consent("revoked")
    centre.take(measured)
    revoked = copy(centre, measured, tmp_path / "revoked")
    assert [doc["_id"] for doc in revoked.sections["household"]] == ["consent:granted", "consent:revoked"]
    assert sum(count.measurements for count in revoked.research_meters.values()) == 8
    known = {each["uuid"]: each["pseudonym"] for each in revoked.pseudonyms}
    assert known[measured.meter] == centre.pseudonyms.meter(measured.meter)
    erase_household(measured.uuid, admin=centre.admin, anonymizing=anonymizing)
    erased = copy(centre, measured, tmp_path / "erased")
    assert erased.research_meters == {}
    assert [doc["type"] for doc in erased.sections["research"]] == ["withdrawal"]
    assert "Ada" not in (tmp_path / "erased" / "copy.html").read_text()


def test_an_unknown_household_leaves_no_folder(centre: Any, tmp_path: Path) -> None:
    content = HouseholdContent(centre.admin, "00000000-0000-4000-8000-000000000000", centre.pseudonyms)
    with pytest.raises(Fault, match="no household"):
        copy_household(content, centre.settings.ca_folder, tmp_path / "copy", Clock().now())
    assert list(tmp_path.iterdir()) == []
