"""Regions drawn by the tests themselves: squares side by side, with the gap of a lake between two."""

import json
import sqlite3
import struct
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyproj
import pytest
import shapefile
import shapely
from click.testing import CliRunner, Result
from shapely.geometry.base import BaseGeometry

from anonymizer.geodata.commands import geodata
from couch.errors import Fault

CODES = ("DE001", "DE002", "DE003")
DENSITIES = {"DE001": 100.5, "DE002": 4000.0, "DE003": 35.61}
# 0.1 degrees of longitude at 50 degrees north are 7.2 km; beyond the second are 21 km of nothing
SQUARES = {
    "DE001": shapely.box(10.0, 50.0, 10.1, 50.1),
    "DE002": shapely.box(10.1, 50.0, 10.2, 50.1),
    "DE003": shapely.box(10.5, 50.0, 10.6, 50.1),
}


def make_feature(code: str, geometry: BaseGeometry | None = None, **attributes: Any) -> dict[str, Any]:
    """A GeoJSON feature, with the density of `DENSITIES` unless told otherwise."""
    shape = SQUARES.get(code) if geometry is None else geometry
    known = {"population_density_per_km2": DENSITIES[code]} if code in DENSITIES else {}
    return {
        "type": "Feature",
        "properties": {"NUTS_ID": code, "NUTS_NAME": f"District {code}", **known, **attributes},
        "geometry": None if shape is None else json.loads(shapely.to_geojson(shape)),
    }


@pytest.fixture
def feature() -> Callable[..., dict[str, Any]]:
    """`feature("DE001")` is a GeoJSON feature of one of the three squares."""
    return make_feature


Writer = Callable[..., Path]


@pytest.fixture
def geojson(tmp_path: Path) -> Writer:
    """`geojson(feature("DE001"), ...)` writes these features; none: the three squares."""

    def write(*features: dict[str, Any], **members: Any) -> Path:
        path = tmp_path / "regions.geojson"
        chosen = features or tuple(make_feature(code) for code in CODES)
        collection = {"type": "FeatureCollection", "features": list(chosen), **members}
        path.write_text(json.dumps(collection), encoding="utf-8")
        return path

    return write


def in_utm(shape: BaseGeometry) -> BaseGeometry:
    """The BKG's coordinates: ETRS89 / UTM zone 32 north."""
    transform = pyproj.Transformer.from_crs(4326, 25832, always_xy=True).transform
    return shapely.transform(shape, transform, interleaved=False)


@pytest.fixture
def bkg_shapefile(tmp_path: Path) -> Path:
    """As the BKG writes NUTS 250: UTM 32, NUTS_CODE, a region's land and water as features of their own."""
    path = tmp_path / "NUTS250_N3.shp"
    land = shapely.box(10.0, 50.0, 10.1, 50.07)
    water = shapely.box(10.0, 50.07, 10.1, 50.1)
    parts = [
        ("DE001", 4, land),
        ("DE001", 2, water),
        ("DE002", 4, SQUARES["DE002"]),
        ("DE003", 4, SQUARES["DE003"]),
    ]
    with shapefile.Writer(str(path), encoding="utf-8") as writer:
        writer.field("GF", "N", size=5)
        writer.field("NUTS_LEVEL", "N", size=5)
        writer.field("NUTS_CODE", "C", size=5)
        writer.field("NUTS_NAME", "C", size=50)
        for code, gf, shape in parts:
            writer.shape(json.loads(shapely.to_geojson(shapely.geometry.polygon.orient(in_utm(shape), -1))))
            writer.record(gf, 3, code, f"Kreis {code} Süd")
    path.with_suffix(".prj").write_text(pyproj.CRS.from_epsg(25832).to_wkt("WKT1_ESRI"))
    path.with_suffix(".cpg").write_text("UTF-8")
    return path


@pytest.fixture
def geopackage(tmp_path: Path) -> Path:
    """In UTM 32, its geometries big-endian and with an envelope, as a GeoPackage may have them."""
    path = tmp_path / "regions.gpkg"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "CREATE TABLE gpkg_spatial_ref_sys (srs_name, srs_id, organization, organization_coordsys_id,"
            " definition, description);"
            "INSERT INTO gpkg_spatial_ref_sys VALUES ('UTM', 7, 'epsg', 25832, 'undefined', NULL);"
            "CREATE TABLE gpkg_geometry_columns (table_name, column_name, geometry_type_name, srs_id, z, m);"
            "INSERT INTO gpkg_geometry_columns VALUES ('vg250 \"krs\"', 'geom', 'MULTIPOLYGON', 7, 0, 0);"
            'CREATE TABLE "vg250 ""krs""" (id INTEGER PRIMARY KEY, geom BLOB, NUTS TEXT, GEN TEXT, EWZ, KFL);'
        )
        for code, density in DENSITIES.items():
            shape = in_utm(SQUARES[code])
            west, south, east, north = shape.bounds
            header = struct.pack(">2sBBi4d", b"GP", 0, 0b0000_0010, 7, west, east, south, north)
            database.execute(
                'INSERT INTO "vg250 ""krs""" (geom, NUTS, GEN, EWZ, KFL) VALUES (?,?,?,?,?)',
                (header + shapely.to_wkb(shape, byte_order=0), code, code.title(), density * 200, 200),
            )
        database.commit()
    return path


@pytest.fixture
def run_geodata(tmp_path: Path) -> Callable[..., Result]:
    """`run_geodata("import", FILE)` with the folder of the test; what a person must mend is raised."""

    def run(command: str, *arguments: object, folder: Path = tmp_path / "kept") -> Result:
        texts = [command, *(str(argument) for argument in arguments), "--folder", str(folder)]
        result = CliRunner().invoke(geodata, texts)
        if isinstance(result.exception, Fault):
            raise result.exception
        return result

    return run


@pytest.fixture
def destatis_rows() -> list[Sequence[object]]:
    """A cutting of 04-kreise.xlsx: title, headings over several lines, sums of states, notes at the end."""
    none = [None] * 9
    return [
        ["Kreisfreie Städte und Landkreise nach Fläche, Bevölkerung und Bevölkerungsdichte", *none[1:]],
        ["am 31.12.2023", *none[1:]],
        [
            "Schlüssel-\nnummer",
            "Regionale Bezeichnung",
            "Kreis",
            "NUTS3",
            "Fläche in km2",
            "Bevölkerung",
            *none[6:],
        ],
        [*none[:5], "insgesamt", "männlich", "weiblich", "je km2"],
        ["01", "Ein Land", None, None, 600.0, 900_000, 450_000, 450_000, 1500],
        ["01001", "Kreis", "Erster", "DE001", 200.0, 20_100, 10_000, 10_100, 101],
        ["01002", "Kreisfreie Stadt", "Zweiter", "DE002", 50.5, 202_000, 100_000, 102_000, 4000],
        ["02", "Noch ein Land", None, None, 900.0, 900_000, 450_000, 450_000, 1000],
        ["02001", "Kreis", "Dritter", "DE003", 1000.0, 35_610, 17_000, 18_610, 36],
        ["© Statistisches Bundesamt (Destatis), 2024", *none[1:]],
    ]
