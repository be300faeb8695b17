"""When the clock may date a measurement."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.clock_state import RELEASED, ClockState, ClockWitness, boot_id, witness_from_environment

NOW = RELEASED + timedelta(days=30)


def test_a_clock_before_the_release_is_implausible(tmp_path: Path) -> None:
    witness = ClockWitness(virtual=False, timesync=tmp_path)
    assert witness.judge(datetime(1970, 1, 1, tzinfo=UTC), None) is ClockState.IMPLAUSIBLE


def test_a_clock_before_the_newest_slot_is_implausible(tmp_path: Path) -> None:
    for virtual in (False, True):
        witness = ClockWitness(virtual=virtual, timesync=tmp_path)
        assert witness.judge(NOW, NOW + timedelta(seconds=1)) is ClockState.IMPLAUSIBLE
        assert witness.judge(NOW, NOW) is not ClockState.IMPLAUSIBLE


def test_the_file_of_timesyncd_shows_a_synchronized_clock(tmp_path: Path) -> None:
    touched = tmp_path / "synchronized"
    touched.touch()
    assert ClockWitness(virtual=False, timesync=touched).judge(NOW, None) is ClockState.SYNCHRONIZED


def test_a_virtual_clock_counts_as_synchronized() -> None:
    witness = witness_from_environment({"SURVEY_CLOCK": "0,0,300"})
    assert witness.judge(datetime(2025, 7, 1, tzinfo=UTC), None) is ClockState.SYNCHRONIZED
    assert not witness_from_environment({}).virtual


def test_the_boot_has_one_id() -> None:
    assert boot_id() == boot_id()
