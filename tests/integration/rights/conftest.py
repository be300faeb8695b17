"""A running centre, and the rights' commands in it as `survey.py` wires them."""

import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from anonymizer.one_household import OneHousehold
from couch.clock import Clock
from couch.settings import Endpoint

_NAME = "tests_integration_centre_conftest"


def _centre_module() -> Any:
    if _NAME not in sys.modules:
        file = Path(__file__).parents[1] / "centre" / "conftest.py"
        spec = importlib.util.spec_from_file_location(_NAME, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[_NAME] = module
        spec.loader.exec_module(module)
    return sys.modules[_NAME]


@pytest.fixture(scope="module")
def centre(couch_admin: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with _centre_module().running_centre(couch_admin, tmp_path_factory.mktemp("centre")) as running:
        yield running


@pytest.fixture
def anonymizing(centre: Any) -> OneHousehold:
    return OneHousehold(centre.settings, centre.pseudonyms, Clock(), centre.draw)


@pytest.fixture
def measured(centre: Any) -> Any:
    """A household whose grant is in effect, with measurements in two months."""
    household = centre.household()
    household.consent("granted")
    centre.take(household)
    household.measure(range(8))
    centre.take(household)
    return household


@pytest.fixture
def holding(couch_data: Path | None) -> Callable[[Sequence[bytes]], dict[bytes, set[str]]]:
    """Which files of the engine hold which of some byte strings."""
    if couch_data is None:
        pytest.skip("SURVEY_COUCHDB_DATA does not say where this CouchDB keeps its files")

    def look(needles: Sequence[bytes]) -> dict[bytes, set[str]]:
        found: dict[bytes, set[str]] = {needle: set() for needle in needles}
        for file in couch_data.rglob("*"):
            try:
                content = file.read_bytes() if file.is_file() else b""
            except FileNotFoundError:
                continue  # a compaction has just replaced it
            if file.suffix in (".couch", ".view"):  # each block of 4,096 bytes begins with one of its own
                content = b"".join(content[at + 1 : at + 4096] for at in range(0, len(content), 4096))
            for needle in needles:
                if needle in content:
                    found[needle].add(file.name)
        return found

    return look
