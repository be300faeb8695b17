"""A running centre with a certificate authority, and who registers households in it."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from anonymizer.one_household import OneHousehold
from couch.centre_settings import CentreSettings
from couch.clock import Clock
from couch.settings import Endpoint, Secret
from provisioning.ca.creation import create_authority
from provisioning.registering.registrar import Registrar

_NAME = "tests_integration_centre_conftest"
PASSPHRASE = Secret("correct horse battery staple")


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


@pytest.fixture(scope="module")
def settings(centre: Any, tmp_path_factory: pytest.TempPathFactory) -> CentreSettings:
    folder = tmp_path_factory.mktemp("authority")
    create_authority(folder / "ca", PASSPHRASE, PASSPHRASE)
    made: CentreSettings = msgspec.structs.replace(
        centre.settings, ca_folder=folder / "ca", device_url="https://localhost:6984"
    )
    return made


@pytest.fixture
def make_registrar(centre: Any, settings: CentreSettings, tmp_path: Path) -> Any:
    """`make_registrar()`: another one over the same folder, as after a restart of the service."""
    anonymizing = OneHousehold(settings, centre.pseudonyms, Clock(), centre.draw)
    return lambda: Registrar(settings, tmp_path / "registrations", anonymizing)


@pytest.fixture
def registrar(make_registrar: Any) -> Registrar:
    made: Registrar = make_registrar()
    return made
