"""The regions in one file: a GeoPackage, so that any map program shows what the survey reckons with.

Beside the layer `regions` stands the table `survey_geodata` with where they came from. The file is
replaced as a whole or not at all.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pyproj
import shapely

from anonymizer.geodata.features import GeodataFault
from anonymizer.geodata.geopackage import blob_of, wkb_of
from anonymizer.geodata.regions import Region
from anonymizer.geodata.whole_file import replaced_whole

FILE_NAME = "geodata.gpkg"
_FORMAT = 1
_TABLES = """
PRAGMA application_id = 0x47504B47; PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL,
  description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL,
  identifier TEXT UNIQUE, description TEXT DEFAULT '', last_change DATETIME NOT NULL, min_x DOUBLE,
  min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL PRIMARY KEY, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL);
CREATE TABLE regions (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom BLOB NOT NULL,
  nuts_id TEXT NOT NULL UNIQUE, nuts_name TEXT NOT NULL, population_density_per_km2 REAL NOT NULL);
CREATE TABLE survey_geodata (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
"""
_ADVICE = "Import the regions again with survey geodata import."


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the regions came from. `sha256` of the files, in the order of `source`."""

    source: str
    as_of: str  # the day the borders and densities describe, as the user says; empty: not said
    licence: str
    imported_on: date
    sha256: str


@dataclass(frozen=True, slots=True)
class Geodata:
    """What the file holds."""

    provenance: Provenance
    regions: tuple[Region, ...]


def store_geodata(file: Path, geodata: Geodata) -> None:
    """Write `file` durably, whole or not at all. Raises GeodataFault where it cannot be written."""
    with replaced_whole(file) as database:
        _write(database, geodata)


def load_geodata(file: Path) -> Geodata:
    """What `survey geodata import` stored. Raises GeodataFault where it is missing, damaged or foreign."""
    if not file.is_file():
        raise GeodataFault(f"{file} is missing: no location can be anonymized without regions. {_ADVICE}")
    try:
        # immutable: nobody changes the file in place, so no lock and no file beside it is needed
        where = f"file:{quote(str(file.absolute()))}?mode=ro&immutable=1"
        with closing(sqlite3.connect(where, uri=True)) as database:
            notes = dict(database.execute("SELECT key, value FROM survey_geodata"))
            if notes.pop("format", "") != str(_FORMAT):
                raise GeodataFault(f"{file} was written by another version of the survey. {_ADVICE}")
            rows = database.execute(
                "SELECT nuts_id, nuts_name, population_density_per_km2, geom FROM regions ORDER BY nuts_id"
            ).fetchall()
        provenance = Provenance(**{**notes, "imported_on": date.fromisoformat(notes["imported_on"])})
        return Geodata(
            provenance,
            tuple(
                Region(code, name, rho, shapely.from_wkb(wkb_of(blob)[1])) for code, name, rho, blob in rows
            ),
        )
    except (sqlite3.Error, KeyError, TypeError, ValueError, shapely.errors.ShapelyError) as err:
        raise GeodataFault(f"{file} holds no readable regions ({err}). {_ADVICE}") from err


def _write(database: sqlite3.Connection, geodata: Geodata) -> None:
    database.executescript(_TABLES)
    wgs84 = pyproj.CRS.from_epsg(4326).to_wkt("WKT1_GDAL")
    systems = [
        ("WGS 84", 4326, "EPSG", 4326, wgs84, "longitude, latitude"),
        ("undefined cartesian", -1, "NONE", -1, "undefined", None),
        ("undefined geographic", 0, "NONE", 0, "undefined", None),
    ]
    database.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)", systems)
    day = f"{geodata.provenance.imported_on}T00:00:00.000Z"
    bounds = [float(bound) for bound in shapely.total_bounds([region.geometry for region in geodata.regions])]
    database.execute(
        "INSERT INTO gpkg_contents VALUES ('regions','features','regions',?,?,?,?,?,?,4326)",
        (geodata.provenance.source, day, *bounds),
    )
    database.execute("INSERT INTO gpkg_geometry_columns VALUES ('regions','geom','GEOMETRY',4326,0,0)")
    database.executemany(
        "INSERT INTO regions (geom, nuts_id, nuts_name, population_density_per_km2) VALUES (?,?,?,?)",
        _rows(geodata.regions),
    )
    notes = [(field.name, str(getattr(geodata.provenance, field.name))) for field in fields(Provenance)]
    database.executemany("INSERT INTO survey_geodata VALUES (?,?)", [*notes, ("format", str(_FORMAT))])
    database.commit()


def _rows(regions: Sequence[Region]) -> list[tuple[bytes, str, str, float]]:
    return [
        (blob_of(region.geometry), region.code, region.name, region.density_per_km2) for region in regions
    ]
