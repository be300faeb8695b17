"""The regions' outlines as a small map: simplified together, so that neighbours go on sharing their border.

Topology-preserving simplification of a whole coverage (GEOS' coverage simplification, Visvalingam-Whyatt);
the tolerance grows until the text is small enough for a page. The text is JSON: `scale` (units a degree) and
`regions`, each with `name` and `rings`: outer and inner ones alike (the even-odd rule tells them apart), as
[x, y, dx, dy, dx, dy, ...] in whole units of longitude and latitude. GeoJSON would be three times as long.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from anonymizer.geodata.features import GeodataFault
from anonymizer.geodata.regions import NoRegion, Region, Regions
from anonymizer.geodata.store import load_geodata

LARGEST_BYTES = 90_000
_FIRST_TOLERANCE = 0.002  # degrees, about 200 m
_COARSEST = 4.0
_SCALE = 1000  # 100 m, finer than any border here


def outlines_text(regions: Sequence[Region], largest_bytes: int = LARGEST_BYTES) -> str:
    """The text of at most `largest_bytes`, where the coarsest simplification allows that.

    Small regions may fall together to nothing: they are left out.
    """
    shapes = [region.geometry for region in regions]
    tolerance = _FIRST_TOLERANCE
    while True:
        text = _text(regions, _simplified(shapes, tolerance))
        if len(text.encode()) <= largest_bytes or tolerance > _COARSEST:
            return text
        tolerance *= 1.6


class RegionMap:
    """The map and the regions of one file, read again when the file was replaced. Threads may share it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read: tuple[tuple[int, int], str, Regions] | None = None

    def outlines(self) -> str | None:
        """The text above; None where no geodata was imported or it cannot be read."""
        found = self._current()
        return None if found is None else found[1]

    def region_at(self, latitude: float, longitude: float) -> str | None:
        """The name of the region of a place; None: no region, no geodata."""
        found = self._current()
        if found is None:
            return None
        try:
            return found[2].at(latitude, longitude).name
        except NoRegion:
            return None

    def _current(self) -> tuple[tuple[int, int], str, Regions] | None:
        try:
            status = self._file.stat()
        except OSError:
            return None
        mark = (status.st_mtime_ns, status.st_ino)
        if self._read is None or self._read[0] != mark:
            try:
                regions = load_geodata(self._file).regions
            except GeodataFault:
                return None
            self._read = (mark, outlines_text(regions), Regions(regions))
        return self._read


def _simplified(shapes: Sequence[BaseGeometry], tolerance: float) -> list[BaseGeometry]:
    """Shared borders stay shared where the regions fit each other; where they do not, each by itself."""
    made = shapely.coverage_simplify(list(shapes), tolerance)
    return [
        shape if shapely.is_valid(shape) else shapely.make_valid(shape)
        for shape in (made if len(made) == len(shapes) else shapely.simplify(list(shapes), tolerance))
    ]


def _text(regions: Sequence[Region], shapes: Sequence[BaseGeometry]) -> str:
    drawn = [
        {"name": region.name, "rings": rings}
        for region, shape in zip(regions, shapes, strict=True)
        if (rings := _rings(shape))
    ]
    return json.dumps({"scale": _SCALE, "regions": drawn}, ensure_ascii=False, separators=(",", ":"))


def _rings(shape: BaseGeometry) -> list[list[int]]:
    """Those that rounding left without an area are dropped, with the holes in them."""
    found: list[list[int]] = []
    for part in shapely.get_parts(shape):
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        outer, *inner = (_steps(ring) for ring in (part.exterior, *part.interiors))
        if outer:
            found += [outer, *(ring for ring in inner if ring)]
    return found


def _steps(ring: Any) -> list[int]:
    """The ring in whole units, as steps; empty: nothing is left of it."""
    points: list[tuple[int, int]] = []
    for x, y in ring.coords[:-1]:  # the last corner is the first again
        point = (round(x * _SCALE), round(y * _SCALE))
        if not points or points[-1] != point:
            points.append(point)
    if len(set(points)) < 3:
        return []
    steps = [*points[0]]
    for before, point in pairwise(points):
        steps += [point[0] - before[0], point[1] - before[1]]
    return steps
