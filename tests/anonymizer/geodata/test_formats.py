"""The same three squares in every format that authorities publish."""

import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from anonymizer.geodata import Region
from anonymizer.geodata.features import GeodataFault
from anonymizer.geodata.geopackage import blob_of, wkb_of
from anonymizer.geodata.importing import read_features, regions_of

BOUNDS = {
    "DE001": (10.0, 50.0, 10.1, 50.1),
    "DE002": (10.1, 50.0, 10.2, 50.1),
    "DE003": (10.5, 50.0, 10.6, 50.1),
}
DENSITIES = {"DE001": 100.5, "DE002": 4000.0, "DE003": 35.61}


def regions(file: Path, densities: dict[str, float] | None = None) -> dict[str, Region]:
    found = regions_of(read_features(file), densities, country="DE", file=file)
    return {region.code: region for region in found.regions}


def are_the_three_squares(found: dict[str, Region], *, within: float = 1e-8) -> None:
    assert found.keys() == BOUNDS.keys()
    for code, bounds in BOUNDS.items():
        assert found[code].geometry.bounds == pytest.approx(bounds, abs=within)
        assert found[code].geometry.geom_type == "Polygon"
        assert found[code].density_per_km2 == pytest.approx(DENSITIES[code])


def test_geojson_in_longitude_and_latitude(geojson: Callable[..., Path]) -> None:
    are_the_three_squares(regions(geojson()))


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4326"])
def test_geojson_that_names_its_coordinate_system_as_eurostat_does(
    geojson: Callable[..., Path], name: str
) -> None:
    are_the_three_squares(regions(geojson(crs={"type": "name", "properties": {"name": name}})))


def test_geojson_in_another_coordinate_system(
    geojson: Callable[..., Path], feature: Callable[..., dict[str, Any]]
) -> None:
    mercator = feature("DE001", shapely.box(1113194.9079, 6446275.8410, 1124326.8570, 6463624.0)) | {}
    file = geojson(mercator, crs={"type": "name", "properties": {"name": "EPSG:3857"}})
    assert regions(file)["DE001"].geometry.bounds == pytest.approx((10.0, 50.0, 10.1, 50.1), abs=1e-3)


def test_a_shapefile_of_the_bkg_beside_a_table(bkg_shapefile: Path) -> None:
    found = regions(bkg_shapefile, DENSITIES)
    are_the_three_squares(found)
    assert found["DE001"].name == "Kreis DE001 Süd"


def test_land_and_water_of_a_district_become_one_region(bkg_shapefile: Path) -> None:
    assert shapely.get_num_geometries(regions(bkg_shapefile, DENSITIES)["DE001"].geometry) == 1


def test_a_geopackage_with_numbers_of_inhabitants_and_areas(geopackage: Path) -> None:
    are_the_three_squares(regions(geopackage))


@pytest.mark.parametrize("ending", [".dbf", ".prj"])
def test_a_shapefile_without_its_companions_says_which_is_missing(bkg_shapefile: Path, ending: str) -> None:
    bkg_shapefile.with_suffix(ending).unlink()
    with pytest.raises(GeodataFault, match=f"missing: {ending}"):
        read_features(bkg_shapefile)


@pytest.mark.parametrize("name", ["x.geojson", "x.gpkg", "x.shp", "x.zip", "x"])
@pytest.mark.parametrize("content", [b"", b"not what it says it is", b"\xff\xfe\x00" * 50])
def test_a_file_of_something_else_is_refused_in_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    for beside in (".dbf", ".prj"):
        path.with_suffix(beside).write_text('GEOGCS["x"]')
    path.write_bytes(content)
    with pytest.raises(GeodataFault) as caught:
        read_features(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["bkg_shapefile", "geopackage"])
def test_a_file_that_was_cut_short_is_refused(
    kind: str, share: float, request: pytest.FixtureRequest
) -> None:
    file: Path = request.getfixturevalue(kind)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(GeodataFault):
        regions(file, DENSITIES)


def test_a_geopackage_that_does_not_describe_its_coordinates_is_refused(geopackage: Path) -> None:
    with closing(sqlite3.connect(geopackage)) as database:
        database.execute("DELETE FROM gpkg_spatial_ref_sys")
        database.commit()
    with pytest.raises(GeodataFault, match="coordinate system 7"):
        read_features(geopackage)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reading_of_a_geometry(blob: bytes) -> None:
    try:
        wkb_of(blob)
    except ValueError:
        return


@pytest.mark.parametrize("envelope", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("order", [0, 1])
def test_the_binary_is_found_behind_every_kind_of_envelope(envelope: int, order: int) -> None:
    doubles = (0, 4, 6, 6, 8)[envelope]
    mark = "<" if order else ">"
    header = struct.pack(f"{mark}2sBBi{doubles}d", b"GP", 0, envelope << 1 | order, 25832, *range(doubles))
    assert wkb_of(header + b"binary") == (25832, b"binary")


def test_an_empty_geometry_has_no_binary() -> None:
    assert wkb_of(struct.pack("<2sBBi", b"GP", 0, 0b0001_0001, 4326)) == (4326, b"")


def test_what_is_written_is_read_back() -> None:
    square = shapely.box(10, 50, 11, 51)
    srs_id, wkb = wkb_of(blob_of(square))
    assert srs_id == 4326
    assert shapely.from_wkb(wkb) == square
