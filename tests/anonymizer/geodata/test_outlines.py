"""The map of outlines: small, true to names, and fresh after an import."""

import json
import os
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import shapely

from anonymizer.geodata import Region
from anonymizer.geodata.outlines import RegionMap, outlines_text

Write = Callable[..., Path]


def ragged(x: float) -> Any:
    """A circle of 2,000 corners, some degrees wide."""
    return shapely.Point(x, 50).buffer(2, quad_segs=500)


def polygon(text: str, place: int) -> Any:
    """The outer ring of a region, as a page draws it."""
    read = json.loads(text)
    steps = read["regions"][place]["rings"][0]
    xs, ys = (list(accumulate(steps[at::2])) for at in (0, 1))
    return shapely.Polygon([(x / read["scale"], y / read["scale"]) for x, y in zip(xs, ys, strict=True)])


def test_the_text_is_as_small_as_asked_for_and_names_every_region() -> None:
    regions = [Region(f"DE{at:03}", f"Kreis {at}", 100.0, ragged(5.0 * at)) for at in range(8)]
    text = outlines_text(regions, 5_000)
    assert len(text.encode()) <= 5_000
    drawn = json.loads(text)["regions"]
    assert [each["name"] for each in drawn] == [region.name for region in regions]
    assert all(len(polygon(text, at).exterior.coords) >= 10 for at in range(8))
    assert all(abs(polygon(text, at).area / regions[at].geometry.area - 1) < 0.1 for at in range(8))


def test_neighbours_go_on_sharing_their_border() -> None:
    wavy = [(0 + 0.02 * (at % 2), 50 + at / 100) for at in range(101)]
    west = shapely.Polygon([(-1, 50), *wavy, (-1, 51)])
    east = shapely.Polygon([(1, 50), *wavy, (1, 51)])
    text = outlines_text([Region("DE001", "W", 1.0, west), Region("DE002", "E", 1.0, east)], 300)
    left, right = polygon(text, 0), polygon(text, 1)
    assert shapely.intersection(left, right).area < 1e-3
    assert shapely.union(left, right).area > 1.99


def test_an_import_is_seen_at_once(geojson: Write, feature: Any, run_geodata: Any, tmp_path: Path) -> None:
    file = tmp_path / "kept" / "geodata.gpkg"
    map_ = RegionMap(file)
    assert (map_.outlines(), map_.region_at(50.05, 10.05)) == (None, None)
    run_geodata("import", geojson(feature("DE001")))
    assert map_.region_at(50.05, 10.05) == "District DE001"
    assert map_.region_at(55.0, 10.05) is None
    run_geodata("import", geojson(feature("DE001", NUTS_NAME="Another")))
    os.utime(file, (1, 1))
    assert map_.region_at(50.05, 10.05) == "Another"
    assert "Another" in (map_.outlines() or "")


def test_a_damaged_file_is_no_map(tmp_path: Path) -> None:
    file = tmp_path / "geodata.gpkg"
    file.write_bytes(b"no database")
    assert RegionMap(file).outlines() is None
