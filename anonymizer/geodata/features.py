"""What a reader of any format hands over: polygons in longitude and latitude with their attributes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from couch.errors import Fault

WGS84 = pyproj.CRS.from_epsg(4326)


class GeodataFault(Fault):
    """A file of geodata that cannot be taken as it is; the message names every fault found."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A polygon (None: the file gave none) in longitude and latitude, WGS 84, and what the file says."""

    attributes: Mapping[str, Any]
    geometry: BaseGeometry | None


def first_of(attributes: Mapping[str, Any], names: Sequence[str]) -> Any:
    """The value of the first of `names` that is there, whatever its case; None: none of them."""
    known = {name.lower(): value for name, value in attributes.items() if value not in (None, "")}
    return next((known[name] for name in names if name in known), None)


def reprojected(features: Sequence[Feature], crs: pyproj.CRS) -> list[Feature]:
    """The features, whose coordinates are in `crs`, in longitude and latitude."""
    if crs == WGS84:  # both files' axes come as (x, y), that is longitude first
        return list(features)
    transform = pyproj.Transformer.from_crs(crs, WGS84, always_xy=True)
    return [
        Feature(
            feature.attributes,
            None
            if feature.geometry is None
            else shapely.transform(feature.geometry, transform.transform, interleaved=False),
        )
        for feature in features
    ]


def crs_named(name: str, file: object) -> pyproj.CRS:
    """The coordinate system that a file names or describes. Raises GeodataFault."""
    try:
        return pyproj.CRS.from_user_input(name)
    except pyproj.exceptions.CRSError as err:
        shown = re.sub(r"\s+", " ", name)[:80]
        raise GeodataFault(
            f"{file} names an unknown coordinate system ({shown}). Save it in WGS 84 (EPSG:4326)."
        ) from err
