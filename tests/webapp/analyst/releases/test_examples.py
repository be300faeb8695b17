"""The examples for analysts, run as they stand in the documentation on a data set that was just published."""

import subprocess
import sys
from pathlib import Path

import pytest

from webapp.analyst.releases.making import Maker, make_release
from webapp.analyst.releases.store import ReleaseStore
from webapp.analyst.selection import Selection

EXAMPLES = Path(__file__).parents[4] / "docs" / "examples"
HOURS = 3 * 6 * 12  # quantities, households, hours
DAYS = 2 * 6
# 7 Wh are drawn, 7 made and 3 fed in each quarter of an hour: 4 of 7 stay at home, which uses 4 + 7.
SHARES = "self-consumption 57.1% self-sufficiency 36.4%"


@pytest.mark.slow
@pytest.mark.parametrize("library", ["pandas", "polars", "duckdb"])
def test_an_example_runs_as_it_stands(
    library: str, maker: Maker, store: ReleaseStore, selection: Selection, tmp_path: Path
) -> None:
    record = make_release(maker, "energy", selection).record
    picture = tmp_path / "profile.png"
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            EXAMPLES / f"with_{library}.py",
            store.folder / "energy" / "1",
            picture,
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    hours, days, *households = done.stdout.splitlines()
    assert (hours, days) == (f"{HOURS} hours of energy", f"{DAYS} days of households")
    assert households == [f"{household} {SHARES}" for household in record.households]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_there_is_an_example_for_each_library_and_no_other() -> None:
    assert {file.name for file in EXAMPLES.glob("*.py")} == {
        "with_duckdb.py",
        "with_pandas.py",
        "with_polars.py",
    }
