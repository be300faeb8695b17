"""`survey export` as a real process over a real research database."""

import json
import random
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from couch.client import Server
from couch.clock import SLOT
from couch.documents import ConsentState, Context, Reading, ResearchMeasurement
from couch.names import RESEARCH, month_database
from couch.research import ensure_months, write_research


@dataclass
class Stored:
    """Measurements of one meter over the end of a month that no other test uses."""

    start: datetime
    household: str
    days: int

    def range(self) -> tuple[str, str, str, str]:
        end = self.start + timedelta(days=self.days)
        return ("--from", f"{self.start:%Y-%m-%d}", "--to", f"{end:%Y-%m-%d}")


@pytest.fixture
def stored(couch_server: Server, central: None) -> Iterator[Stored]:
    start = datetime(random.randrange(2100, 9000), 1, 30, tzinfo=UTC)
    found = Stored(start, uuid.uuid4().hex, 4)
    research = couch_server.database(RESEARCH)
    context = Context(household=found.household, consent=ConsentState.GRANTED)
    rev = research.put(context.to_json())
    slots = [start + number * SLOT for number in range(found.days * 96)]
    ensure_months(couch_server, slots)
    meter = uuid.uuid4().hex
    write_research(
        couch_server,
        [
            ResearchMeasurement(
                household=found.household,
                meter=meter,
                slot=slot,
                measured_at=slot + timedelta(seconds=4),
                time_source="synchronized",
                data=(Reading(obis="0100010800ff", value=number, scaler=-1, unit="Wh"),),
            )
            for number, slot in enumerate(slots)
        ],
    )
    yield found
    research.delete(context.id, rev)
    for name in {month_database(slot) for slot in slots}:
        couch_server.delete_database(name)


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_what_is_stored_comes_out_once_and_in_order(
    run_survey: Any, centre_toml: Any, stored: Stored, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = run_survey("export", *stored.range(), "--out", out, "--config", centre_toml(), "--json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (out / "measurements.ndjson").read_text().splitlines()]
    assert [row["value"] for row in rows] == list(range(stored.days * 96))
    assert json.loads(done.stdout)["rows"] == len(rows)
    assert json.loads((out / "datapackage.json").read_text())["resources"][0]["rows"] == len(rows)


def test_one_household_is_exported_by_its_pseudonym_and_an_unknown_one_is_refused(
    run_survey: Any, centre_toml: Any, fault_line: Any, stored: Stored, tmp_path: Path
) -> None:
    common = (*stored.range(), "--format", "csv", "--config", centre_toml())
    known = run_survey("export", *common, "--household", stored.household, "--out", tmp_path / "a")
    assert known.returncode == 0, known.stderr
    assert f"{stored.days * 96:,} rows" in known.stdout
    unknown = run_survey("export", *common, "--household", "0" * 32, "--out", tmp_path / "b")
    assert "no household has the pseudonym" in fault_line(unknown)
    assert not (tmp_path / "b").exists()


def test_an_export_that_was_killed_goes_on_and_ends_with_the_same_bytes(
    run_survey: Any, start_survey: Any, centre_toml: Any, stored: Stored, tmp_path: Path
) -> None:
    arguments = ("export", *stored.range(), "--config", centre_toml(), "--out")
    assert run_survey(*arguments, tmp_path / "whole").returncode == 0
    killed = start_survey(*arguments, tmp_path / "cut")
    ends = time.monotonic() + 30
    part = tmp_path / "cut" / "measurements.ndjson.part"
    while not part.exists() and time.monotonic() < ends:
        with suppress(subprocess.TimeoutExpired):
            killed.wait(0.01)
            break
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=30)
    assert run_survey(*arguments, tmp_path / "cut").returncode == 0
    assert content(tmp_path / "cut") == content(tmp_path / "whole")


def test_bad_wishes_are_one_line_and_leave_nothing_behind(
    run_survey: Any, centre_toml: Any, fault_line: Any, stored: Stored, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    range_ = stored.range()
    config = centre_toml()
    swapped = (range_[0], range_[3], range_[2], range_[1])
    wrong = run_survey("export", *swapped, "--out", out, "--config", config)
    assert "exchange the two days" in fault_line(wrong)
    file = tmp_path / "file"
    file.touch()
    unwritable = run_survey("export", *range_, "--out", file, "--config", config)
    assert "cannot be written" in fault_line(unwritable)
    denied = run_survey("export", *range_, "--out", out, "--config", centre_toml(password="wrong-1234"))
    assert "password" in fault_line(denied)
    assert "wrong-1234" not in denied.stderr
    gone = run_survey("export", *range_, "--out", out, "--config", centre_toml(url="http://127.0.0.1:1"))
    assert "cannot be reached" in fault_line(gone)
    assert not out.exists()
