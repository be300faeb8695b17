"""`survey household erase` asks twice; without both answers nothing is opened, let alone erased."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from couch.errors import Fault
from provisioning.rights.commands import erase

UUID = "00000000-0000-4000-8000-000000000001"


def run(tmp_path: Path, *more: str, typed: str = "") -> Exception | None:
    config = tmp_path / "centre.toml"  # it is not there: who got as far as reading it would say so
    done = CliRunner().invoke(
        erase, [UUID, "--config", str(config), *more], input=f"{typed}\n", catch_exceptions=True
    )
    return done.exception if isinstance(done.exception, Exception) else None


def test_without_the_option_nothing_is_erased(tmp_path: Path) -> None:
    found = run(tmp_path, typed=UUID)
    assert isinstance(found, Fault)
    assert "--yes-erase-everything" in str(found)


@pytest.mark.parametrize("typed", ["", "yes", UUID[:-1] + "2", UUID.upper() + "x"])
def test_without_the_uuid_nothing_is_erased(tmp_path: Path, typed: str) -> None:
    found = run(tmp_path, "--yes-erase-everything", typed=typed)
    assert isinstance(found, Fault)
    assert "is not the household's uuid" in str(found)


def test_with_both_it_goes_on_to_the_centre(tmp_path: Path) -> None:
    found = run(tmp_path, "--yes-erase-everything", typed=UUID)
    assert isinstance(found, Fault)
    assert "centre.toml" in str(found)
