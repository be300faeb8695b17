"""The mark that forbids measuring: whole or not there, and never taken for absent because it is broken."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from couch.erasure_marker import ErasureMarker, read_marker, write_marker
from couch.errors import Fault

MARKER = ErasureMarker(
    device="22222222-2222-4222-8222-222222222222",
    household="33333333-3333-4333-8333-333333333333",
    told_at=datetime(2026, 6, 1, tzinfo=UTC),
    unsent_measurements=3,
)


def test_it_is_read_as_it_was_written_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "erasure.json"
    assert read_marker(file) is None
    write_marker(file, MARKER)
    assert read_marker(file) == MARKER
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "{", '{"device": "x"}', "null"])
def test_a_broken_one_stops_everything(tmp_path: Path, text: str) -> None:
    file = tmp_path / "erasure.json"
    file.write_text(text)
    with pytest.raises(Fault, match="Nothing is measured"):
        read_marker(file)


def test_it_speaks_of_one_device_of_one_household() -> None:
    assert MARKER.is_of(MARKER.device, MARKER.household)
    assert not MARKER.is_of(MARKER.device, MARKER.device)
