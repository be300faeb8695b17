"""GeoJSON (RFC 7946), and the older form with a `crs` member that Eurostat's files still have."""

import json
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from anonymizer.geodata.features import Feature, GeodataFault, crs_named, reprojected


def read_geojson(file: Path) -> list[Feature]:
    """The features of a FeatureCollection. Raises GeodataFault, OSError."""
    try:
        collection = json.loads(file.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as err:
        raise GeodataFault(f"{file} is no JSON in UTF-8 ({err}). Save it as GeoJSON again.") from err
    if not isinstance(collection, dict) or not isinstance(collection.get("features"), list):
        raise GeodataFault(f"{file} holds no GeoJSON FeatureCollection. Give a file of polygons.")
    features = [_feature(raw) for raw in collection["features"]]
    named = (collection.get("crs") or {}).get("properties", {}).get("name")
    return reprojected(features, crs_named(named, file)) if named else features


def _feature(raw: Any) -> Feature:
    raw = raw if isinstance(raw, dict) else {}
    attributes = raw.get("properties")
    return Feature(attributes if isinstance(attributes, dict) else {}, _geometry(raw.get("geometry")))


def _geometry(raw: Any) -> BaseGeometry | None:
    if not isinstance(raw, dict):
        return None
    try:
        geometry: BaseGeometry = shape(raw)
    except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return None
    return geometry
