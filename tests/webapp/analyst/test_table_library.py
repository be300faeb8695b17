"""Without the library for tables everything else works, and exports say what to install."""

import subprocess
import sys
from typing import Any

import pytest

from couch.errors import Fault
from webapp.analyst.table_library import need_tables


def test_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as Python notes what cannot be imported
    with pytest.raises(Fault, match=r"pip install 'household-energy-survey\[centre\]'"):
        need_tables()


def test_the_page_says_it_too(centre: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = centre.signed_in("anna")
    browser.get("/export")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = browser.send(
        "/export", **{"from": "2026-01-01", "to": "2026-01-04", "format": "csv", "table": "measurements"}
    )
    assert answer.status_code == 422
    assert "household-energy-survey[centre]" in answer.text


@pytest.mark.slow
def test_the_centres_pages_start_without_it() -> None:
    command = (
        "import sys; sys.modules['pyarrow'] = sys.modules['polars'] = None; import survey, webapp.centre"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
