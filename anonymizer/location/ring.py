"""A random place in the ring between two geodesic circles, uniform over the ring's area.

Rejection sampling (thesis 4.4.2) in the outer circle's bounding square, in a Lambert azimuthal equal-area
projection centred on the household (Snyder, Map Projections: A Working Manual, USGS 1395, chapter 24): equal
areas on the map are equal areas on the ellipsoid, so what is uniform in the square is uniform on the ground.
Both circles are polygons of 360 points, each computed as a geodesic (Karney 2013). Angles are degrees,
WGS 84; lengths metres.
"""

import math
import random
from itertools import repeat

import pyproj
import shapely

from anonymizer.location.distances import Distances

POINTS = 360
DECIMALS = 4  # about 11 m: far below any distance drawn here, and no pretence that it is a house
_GEOD = pyproj.Geod(ellps="WGS84")
_AZIMUTHS = [degree * 360 / POINTS for degree in range(POINTS)]
# A chord runs inside its circle. The inner polygon is drawn this much wider, so that the whole disc that is
# forbidden lies inside it; the outer one lies inside the disc that is allowed as it is.
_AROUND = 1 / math.cos(math.pi / POINTS)


class Ring:
    """The places between `bounds.d_min_m` and `bounds.d_max_m` away from a household."""

    def __init__(self, latitude: float, longitude: float, bounds: Distances) -> None:
        self._latitude, self._longitude, self._bounds = latitude, longitude, bounds
        self._plane = pyproj.Proj(proj="laea", lat_0=latitude, lon_0=longitude, ellps="WGS84")
        outer, inner = self._circle(bounds.d_max_m), self._circle(bounds.d_min_m * _AROUND)
        self._area = shapely.Polygon(outer, [inner])
        shapely.prepare(self._area)

    def draw(self, random_source: random.Random) -> tuple[float, float]:
        """Latitude and longitude of a place in the ring, as published.

        It is rounded to `DECIMALS` and keeps to the bounds after that. Neither coordinate equals the
        household's, so that a search for the old ones never finds the new ones.
        `random_source` is `secrets.SystemRandom()` outside of tests.
        """
        x_min, y_min, x_max, y_max = self._area.bounds
        while True:
            x = x_min + (x_max - x_min) * random_source.random()
            y = y_min + (y_max - y_min) * random_source.random()
            if shapely.contains_xy(self._area, x, y):
                longitude, latitude = (round(angle, DECIMALS) for angle in self._plane(x, y, inverse=True))
                if self._may_be_published(latitude, longitude):
                    return latitude, longitude

    def _may_be_published(self, latitude: float, longitude: float) -> bool:
        """False where rounding carried a place over an edge, or where a coordinate is the household's own."""
        _, _, distance_m = _GEOD.inv(self._longitude, self._latitude, longitude, latitude)
        return (
            self._bounds.d_min_m <= distance_m <= self._bounds.d_max_m
            and latitude != self._latitude
            and longitude != self._longitude
        )

    def _circle(self, radius_m: float) -> list[tuple[float, float]]:
        """The points of a geodesic circle around the household, on the map."""
        longitudes, latitudes, _ = _GEOD.fwd(
            list(repeat(self._longitude, POINTS)),
            list(repeat(self._latitude, POINTS)),
            _AZIMUTHS,
            list(repeat(radius_m, POINTS)),
        )
        return list(zip(*self._plane(longitudes, latitudes), strict=True))
