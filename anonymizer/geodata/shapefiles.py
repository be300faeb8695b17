"""ESRI shapefiles, as the Federal Agency for Cartography and Geodesy (BKG) hands out its regions.

Read with pyshp: pure Python, no compiled part, the format's usual reader without GDAL.
"""

import struct
import warnings
from pathlib import Path

import shapefile
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from anonymizer.geodata.features import Feature, GeodataFault, crs_named, reprojected

_UNREADABLE = (
    shapefile.ShapefileException,
    shapefile.PossiblyCorruptFileHeader,
    struct.error,
    LookupError,
    ValueError,
    EOFError,
)


def read_shapefile(file: Path) -> list[Feature]:
    """The features of `file` (.shp) with the .dbf and .prj beside it. Raises GeodataFault, OSError."""
    missing = [ending for ending in (".shp", ".dbf", ".prj") if _beside(file, ending) is None]
    if missing:
        raise GeodataFault(
            f"{file} needs files of the same name beside it; missing: {', '.join(missing)}. "
            "Unpack the whole archive that it came in."
        )
    crs = crs_named(_text(_beside(file, ".prj")), file)
    encoding = _text(_beside(file, ".cpg")).strip() or "utf-8"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "error", shapefile.PossiblyCorruptFileHeader
            )  # one cut short is no map to rely on
            features = _records(file, encoding)
    except _UNREADABLE as err:
        raise GeodataFault(f"{file} is no readable shapefile ({err}). Unpack it again.") from err
    return reprojected(features, crs)


def _records(file: Path, encoding: str) -> list[Feature]:
    with shapefile.Reader(
        shp=str(_beside(file, ".shp")),
        dbf=str(_beside(file, ".dbf")),
        encoding=encoding,
        encodingErrors="replace",
    ) as reader:
        return [
            Feature(dict(record.record.as_dict()), _geometry(record.shape))
            for record in reader.iterShapeRecords()
        ]


def _geometry(raw: object) -> BaseGeometry | None:
    try:
        geometry: BaseGeometry = shape(raw)
    except (shapely.errors.ShapelyError, shapefile.ShapefileException, ValueError, TypeError, AttributeError):
        return None
    return geometry


def _beside(file: Path, ending: str) -> Path | None:
    """The file of the same name with another ending, in whatever case it is written; None: there is none."""
    for candidate in (file.with_suffix(ending), file.with_suffix(ending.upper())):
        if candidate.is_file():
            return candidate
    return None


def _text(file: Path | None) -> str:
    return "" if file is None else file.read_text(encoding="utf-8-sig", errors="replace")
