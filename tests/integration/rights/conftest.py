"""A running centre, and the rights' commands in it as `survey.py` wires them."""

import importlib.util
import sys
from collections.abc import Iterator
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
def data_folder(couch_admin: Endpoint, request: pytest.FixtureRequest) -> Path:
    """Where the engine under test keeps its files."""
    return Path(request.getfixturevalue("couch_data"))
