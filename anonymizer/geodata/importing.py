"""From files as authorities publish them to regions that can be trusted; all faults are told at once."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from anonymizer.geodata.density_table import CODE
from anonymizer.geodata.features import Feature, GeodataFault, first_of
from anonymizer.geodata.geojson import read_geojson
from anonymizer.geodata.geopackage import read_geopackage
from anonymizer.geodata.regions import Region
from anonymizer.geodata.shapefiles import read_shapefile

READERS = {
    ".geojson": read_geojson,
    ".json": read_geojson,
    ".gpkg": read_geopackage,
    ".shp": read_shapefile,
}
_CODE_NAMES = ("nuts_id", "nuts_code", "nuts", "nuts3", "code")
_NAME_NAMES = ("nuts_name", "name_latn", "name", "gen")
_DENSITY_NAMES = ("population_density_per_km2", "density_per_km2", "population_density", "density")
_POPULATION_NAMES = (
    "population",
    "ewz",
)  # EWZ and KFL: the BKG's areas with numbers of inhabitants (VG250-EW)
_AREA_NAMES = ("area_km2", "kfl")
_DENSEST = 30_000.0  # people on a square kilometre; Paris, the densest region of all, has 20,000
_OVERLAP = 0.01  # of the smaller one: generalized borders overlap by less, a district named twice by all
_NAMED_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class Imported:
    """The regions of a file, and what was passed over: codes of other levels, and how many were repaired."""

    regions: tuple[Region, ...]
    passed_over: int
    repaired: tuple[str, ...]


def read_features(file: Path) -> list[Feature]:
    """The polygons of a file of any known format. Raises GeodataFault, OSError."""
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise GeodataFault(
            f"{file} ends in no known format. Give one of {', '.join(READERS)}; unpack an archive first."
        )
    return reader(file)


def regions_of(
    features: Sequence[Feature], densities: Mapping[str, float] | None, *, country: str, file: Path
) -> Imported:
    """The NUTS-3 regions of `country` (its NUTS prefix, such as DE), several polygons of a code as one.

    `densities` by code win over the file's own; None: the file's own. Raises GeodataFault with all faults.
    """
    wanted, passed_over, faults = _by_code(features, country)
    densities = {
        code: density for code, parts in wanted.items() if (density := _own_density(parts)) is not None
    } | (dict(densities or {}))
    regions, repaired = [], []
    shapes: dict[str, str] = {}
    for code, parts in sorted(wanted.items()):
        geometry, fault = _polygon(parts)
        if geometry is None:
            shapes[code] = fault
            continue
        if fault:
            repaired.append(code)
        name = str(first_of(parts[0].attributes, _NAME_NAMES) or code)
        regions.append(Region(code, name, densities.get(code, math.nan), geometry))
    faults += [
        f"{fault}: {_some([code for code, its in shapes.items() if its == fault])}"
        for fault in set(shapes.values())
    ]
    faults += _density_faults(wanted, densities) + _overlap_faults(regions)
    if not wanted:
        faults.append(
            f"no polygon has a NUTS-3 code of {country} in a field named {' or '.join(_CODE_NAMES)}"
        )
    if faults:
        raise GeodataFault(
            f"{file} cannot be imported: {'; '.join(sorted(faults))}. Correct the file or the table."
        )
    return Imported(tuple(regions), passed_over, tuple(repaired))


def _by_code(features: Sequence[Feature], country: str) -> tuple[dict[str, list[Feature]], int, list[str]]:
    wanted: dict[str, list[Feature]] = {}
    passed_over = nameless = 0
    for feature in features:
        code = str(first_of(feature.attributes, _CODE_NAMES) or "").strip().upper()
        if not code:
            nameless += 1
        elif CODE.fullmatch(code) and code.startswith(country) and not code.endswith("ZZZ"):
            wanted.setdefault(code, []).append(feature)
        else:  # another level, another country, or the part of a country that lies nowhere (DEZZZ)
            passed_over += 1
    faults = [f"{nameless} polygons have no code"] if nameless else []
    return wanted, passed_over, faults


def _polygon(parts: Sequence[Feature]) -> tuple[BaseGeometry | None, str]:
    """One polygon of all parts; with words where it had to be repaired, or where there is none (None)."""
    shapes = [part.geometry for part in parts]
    if any(one is None or one.is_empty or one.geom_type not in ("Polygon", "MultiPolygon") for one in shapes):
        return None, "no polygon for"
    joined = [shapely.force_2d(one) for one in shapes]
    west, south, east, north = shapely.total_bounds(joined)
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):  # also where one is not a number
        return None, "coordinates that are no longitude and latitude for"
    repaired = not all(shapely.is_valid(joined))
    geometry: BaseGeometry = shapely.union_all(shapely.make_valid(joined) if repaired else joined)
    if repaired:  # what crosses itself leaves lines and points behind; only areas count
        geometry = shapely.union_all([one for one in shapely.get_parts(geometry) if one.area > 0])
    if geometry.is_empty or not geometry.is_valid:
        return None, "no polygon for"
    return geometry, "repaired" if repaired else ""


def _own_density(parts: Sequence[Feature]) -> float | None:
    """The density that the file itself states or lets compute; None: it does neither.

    The BKG repeats a district's numbers or leaves zeros at its water areas: the largest counts.
    """
    found = [density for part in parts if (density := _stated_density(part)) is not None]
    return max(found, default=None)


def _stated_density(part: Feature) -> float | None:
    stated = _float(first_of(part.attributes, _DENSITY_NAMES))
    if stated is not None:
        return stated
    people = _float(first_of(part.attributes, _POPULATION_NAMES))
    km2 = _float(first_of(part.attributes, _AREA_NAMES))
    return people / km2 if people is not None and km2 else None


def _density_faults(wanted: Mapping[str, Sequence[Feature]], densities: Mapping[str, float]) -> list[str]:
    missing = sorted(wanted.keys() - densities.keys())
    wrong = [code for code in sorted(wanted) if code in densities and not 0 < densities[code] <= _DENSEST]
    faults = []
    if missing:
        faults.append(f"no population density for {_some(missing)} (--densities gives a table)")
    if wrong:
        faults.append(
            f"a density that is not above 0 and at most {_DENSEST:g} people on a km² for {_some(wrong)}"
        )
    return faults


def _overlap_faults(regions: Sequence[Region]) -> list[str]:
    """A place in two regions has two densities: polygons of two years or levels in one file."""
    shapes = [region.geometry for region in regions]
    if not shapes:
        return []
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    found = []
    for one, other in zip(first, second, strict=True):
        if one < other:
            shared = shapely.intersection(shapes[one], shapes[other]).area
            if shared > _OVERLAP * min(shapes[one].area, shapes[other].area):
                found.append(f"{regions[one].code} and {regions[other].code}")
    return [f"regions that overlap: {_some(found)}"] if found else []


def _float(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]  # whatever a file holds
    except (TypeError, ValueError):
        return None


def _some(named: Sequence[str]) -> str:
    shown = ", ".join(named[:_NAMED_AT_MOST])
    return shown if len(named) <= _NAMED_AT_MOST else f"{shown} and {len(named) - _NAMED_AT_MOST} more"
