"""The code of the region of a place, as exports ask for it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anonymizer.geodata.features import GeodataFault
from anonymizer.geodata.region_codes import RegionCodes


def test_an_import_is_seen_at_once(
    geojson: Callable[..., Path], feature: Any, run_geodata: Any, tmp_path: Path
) -> None:
    file = tmp_path / "kept" / "geodata.gpkg"
    code_at = RegionCodes(file)
    assert code_at(50.05, 10.05) is None
    run_geodata("import", geojson(feature("DE001")))
    assert (code_at(50.05, 10.05), code_at(55.0, 10.05), code_at(50.05, 10.15)) == ("DE001", None, "DE001")
    run_geodata("import", geojson(feature("DE001"), feature("DE002")))
    os.utime(file, (1, 1))
    assert code_at(50.05, 10.15) == "DE002"


def test_a_damaged_file_is_told_of(tmp_path: Path) -> None:
    file = tmp_path / "geodata.gpkg"
    file.write_bytes(b"no database")
    with pytest.raises(GeodataFault):
        RegionCodes(file)(50.05, 10.05)
