"""The demo is the first thing a newcomer runs: it must go through and say so."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_demo_goes_through_once_and_ends_with_zero(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "survey", "demo", "--once", "--folder", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything was as it should be." in done.stdout
    assert (tmp_path / "demo" / "export" / "datapackage.json").exists()


@pytest.mark.slow
def test_the_demo_refuses_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "something").write_text("of somebody's")
    done = subprocess.run(
        [sys.executable, "-m", "survey", "demo", "--once", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "is not empty" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
