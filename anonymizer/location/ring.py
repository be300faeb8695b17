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


def draw_in_ring(
    latitude: float, longitude: float, bounds: Distances, random_source: random.Random
) -> tuple[float, float]:
    """Latitude and longitude of a place between `bounds.d_min_m` and `bounds.d_max_m` away, as published.

    The result is rounded to `DECIMALS` and keeps to the bounds after that. No coordinate of the household
    stands in it, so that a search for the old one never finds the new one.
    `random_source` is `secrets.SystemRandom()` outside of tests.
    """
    plane = pyproj.Proj(proj="laea", lat_0=latitude, lon_0=longitude, ellps="WGS84")
    outer = _circle(plane, latitude, longitude, bounds.d_max_m)
    inner = _circle(plane, latitude, longitude, bounds.d_min_m * _AROUND)
    ring = shapely.Polygon(outer, [inner])
    x_min, y_min, x_max, y_max = ring.bounds
    while True:
        x = x_min + (x_max - x_min) * random_source.random()
        y = y_min + (y_max - y_min) * random_source.random()
        if not shapely.contains_xy(ring, x, y):
            continue
        lon, lat = plane(x, y, inverse=True)
        drawn_lat, drawn_lon = round(lat, DECIMALS), round(lon, DECIMALS)
        _, _, distance_m = _GEOD.inv(longitude, latitude, drawn_lon, drawn_lat)
        # Rounding may have carried it over an edge; it is drawn again then.
        if not bounds.d_min_m <= distance_m <= bounds.d_max_m:
            continue
        if drawn_lat != latitude and drawn_lon != longitude:
            return drawn_lat, drawn_lon


def _circle(
    plane: pyproj.Proj, latitude: float, longitude: float, radius_m: float
) -> list[tuple[float, float]]:
    """The points of a geodesic circle around a place, on the map."""
    lons, lats, _ = _GEOD.fwd(
        list(repeat(longitude, POINTS)),
        list(repeat(latitude, POINTS)),
        _AZIMUTHS,
        list(repeat(radius_m, POINTS)),
    )
    return list(zip(*plane(lons, lats), strict=True))
