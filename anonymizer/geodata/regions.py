"""Which region a place belongs to: by its polygon, or near the edge of all of them by the nearest one.

Borders are generalized and coasts move, so a house on a quay may lie outside every polygon: up to 5 km it is
taken for the nearest region's (design 7). Angles are degrees, WGS 84; lengths metres on the ellipsoid.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from couch.errors import Fault

NEAREST_UP_TO_M = 5000.0
_METRES_A_DEGREE = 110_500.0  # the shortest degree of latitude, at the equator
_STEP_DEG = 0.005  # edges are cut into pieces this long, so that each is straight on any map


class NoRegion(Fault):
    """The place lies in no region and near none: its household stays as it is until a person mended that."""

    def __init__(self) -> None:
        super().__init__(
            "a household's location lies in no region of the geodata, nor within "
            f"{NEAREST_UP_TO_M / 1000:g} km of one, so it cannot be anonymized. Correct the location, or "
            "import geodata that covers it with survey geodata import, then run survey anonymizer retry."
        )


@dataclass(frozen=True, slots=True)
class Region:
    """A NUTS-3 region: its code, its polygon (longitude, latitude) and the people on a square kilometre."""

    code: str
    name: str
    density_per_km2: float
    geometry: BaseGeometry


class Regions:
    """All regions, indexed for asking by place. It is only read, so threads may share it."""

    def __init__(self, regions: Sequence[Region]) -> None:
        # Where two polygons share a border point, the emptier region wins: its ring is the wider one.
        self._regions: list[Region] = sorted(
            regions, key=lambda region: (region.density_per_km2, region.code)
        )
        self._tree = shapely.STRtree([region.geometry for region in self._regions])

    def __len__(self) -> int:
        return len(self._regions)

    def at(self, latitude: float, longitude: float) -> Region:
        """The region of a place, or the nearest one up to 5 km away. Raises NoRegion."""
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise NoRegion
        inside = self._tree.query(shapely.Point(longitude, latitude), predicate="intersects")
        if len(inside):
            return self._regions[int(inside.min())]
        return self._nearest(latitude, longitude)

    def _nearest(self, latitude: float, longitude: float) -> Region:
        window = _window(latitude, longitude, NEAREST_UP_TO_M)
        near = sorted(
            (_distance_m(latitude, longitude, self._regions[place].geometry, window), place)
            for place in self._tree.query(window, predicate="intersects")
        )
        if not near or near[0][0] > NEAREST_UP_TO_M:
            raise NoRegion
        return self._regions[int(near[0][1])]


def _window(latitude: float, longitude: float, radius_m: float) -> BaseGeometry:
    """A box around a place that holds everything within `radius_m`."""
    high = radius_m / _METRES_A_DEGREE
    wide = high / max(math.cos(math.radians(min(abs(latitude) + high, 89.9))), 1e-3)
    return shapely.box(longitude - wide, latitude - high, longitude + wide, latitude + high)


def _distance_m(latitude: float, longitude: float, geometry: BaseGeometry, window: BaseGeometry) -> float:
    """How far a place is from a polygon: exact from the centre of an azimuthal equidistant projection."""
    edges = shapely.segmentize(shapely.intersection(geometry, window), _STEP_DEG)
    plane = pyproj.Proj(proj="aeqd", lat_0=latitude, lon_0=longitude, ellps="WGS84")
    flat = shapely.transform(edges, plane, interleaved=False)
    return float(shapely.distance(flat, shapely.Point(0, 0)))
