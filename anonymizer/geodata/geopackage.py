"""GeoPackage (OGC 12-128r18): an SQLite file whose polygons are WKB behind a short header (clause 2.1.3)."""

import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from anonymizer.geodata.features import Feature, GeodataFault, crs_named, reprojected

_MAGIC = b"GP"
_HEADER_BYTES = 8
_EMPTY = 0b0001_0000
_LITTLE_ENDIAN = 0b0000_0001
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_WGS84_IDS = {0: "EPSG:4326", 4326: "EPSG:4326"}  # 0: undefined geographic


def read_geopackage(file: Path) -> list[Feature]:
    """The features of all its layers. Raises GeodataFault, OSError."""
    with file.open("rb"):  # what SQLite says of a missing or closed file helps nobody
        pass
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True)) as database:
            layers = database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchall()
            return [feature for layer, column in layers for feature in _layer(database, file, layer, column)]
    except sqlite3.DatabaseError as err:
        raise GeodataFault(f"{file} is no GeoPackage ({err}). Give a .gpkg file with polygons.") from err


def wkb_of(blob: bytes) -> tuple[int, bytes]:
    """The id of the coordinate system and the well-known binary inside a geometry column.

    An empty geometry has no binary. Raises ValueError for what is no GeoPackage geometry.
    """
    if len(blob) < _HEADER_BYTES or not blob.startswith(_MAGIC):
        raise ValueError("no GeoPackage geometry")
    flags = blob[3]
    (srs_id,) = struct.unpack("<i" if flags & _LITTLE_ENDIAN else ">i", blob[4:8])
    envelope = _ENVELOPE_BYTES.get((flags >> 1) & 0b111)
    if envelope is None:
        raise ValueError("a GeoPackage geometry with an unknown envelope")
    wkb = b"" if flags & _EMPTY else blob[_HEADER_BYTES + envelope :]
    return srs_id, wkb


def blob_of(geometry: BaseGeometry) -> bytes:
    """A geometry in longitude and latitude as GeoPackage stores it, without an envelope."""
    wkb: bytes = shapely.to_wkb(geometry, byte_order=1)
    return struct.pack("<2sBBi", _MAGIC, 0, _LITTLE_ENDIAN, 4326) + wkb


def _layer(database: sqlite3.Connection, file: Path, layer: str, column: str) -> list[Feature]:
    cursor = database.execute(f"SELECT * FROM {_quoted(layer)}")  # noqa: S608 - a name, quoted
    names = [described[0] for described in cursor.description]
    place = next((at for at, name in enumerate(names) if name.lower() == column.lower()), None)
    if place is None:
        raise GeodataFault(f"{file}: the layer {layer} lacks its column {column}. Write the file again.")
    by_system: dict[int, list[Feature]] = {}
    for row in cursor:
        srs_id, geometry = _geometry(row[place])
        attributes = {
            name: value for at, (name, value) in enumerate(zip(names, row, strict=True)) if at != place
        }
        by_system.setdefault(srs_id, []).append(Feature(attributes, geometry))
    return [
        feature
        for srs_id, features in by_system.items()
        for feature in reprojected(features, _crs(database, file, srs_id))
    ]


def _geometry(blob: object) -> tuple[int, BaseGeometry | None]:
    if not isinstance(blob, bytes):
        return 4326, None
    try:
        srs_id, wkb = wkb_of(blob)
        return srs_id, shapely.from_wkb(wkb) if wkb else None
    except (ValueError, shapely.errors.ShapelyError):
        return 4326, None


def _crs(database: sqlite3.Connection, file: Path, srs_id: int) -> pyproj.CRS:
    if srs_id in _WGS84_IDS:
        return crs_named(_WGS84_IDS[srs_id], file)
    row = database.execute(
        "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys"
        " WHERE srs_id = ?",
        (srs_id,),
    ).fetchone()
    if row is None:
        raise GeodataFault(f"{file} does not describe its coordinate system {srs_id}. Save it in EPSG:4326.")
    organization, number, definition = row
    return crs_named(f"{organization}:{number}" if str(organization).upper() == "EPSG" else definition, file)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
