"""Locations anonymized a minute, on one thread: region looked up, ring made, place drawn.

python tests/bench/bench_location.py [--locations N]
The regions are those of ../shared/data/nuts3_de_2021.geojson; without that file, 400 squares drawn here.
"""

import argparse
import random
import secrets
import sys
import time
from pathlib import Path

import shapely

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from anonymizer.geodata import Region, Regions  # noqa: E402
from anonymizer.geodata.importing import read_features, regions_of  # noqa: E402
from anonymizer.location import anonymize_location  # noqa: E402
from couch.blurring import Blurring  # noqa: E402

SHARED = ROOT.parent / "shared" / "data" / "nuts3_de_2021.geojson"
WANTED_A_MINUTE = 10_000


def all_regions() -> list[Region]:
    """Germany's districts, or squares with densities as theirs."""
    if SHARED.is_file():
        return list(regions_of(read_features(SHARED), None, country="DE", file=SHARED).regions)
    source = random.Random(1)
    return [
        Region(f"DE{n:03d}", "", source.uniform(35, 4800), shapely.box(x, y, x + 0.5, y + 0.4))
        for n, (x, y) in enumerate(
            (6 + column / 2, 47 + row * 0.4) for column in range(20) for row in range(20)
        )
    ]


def places(regions: list[Region], count: int) -> list[tuple[float, float]]:
    """Places in the regions, by latitude and longitude, one after the other."""
    source, found = random.Random(2), []
    while len(found) < count:
        region = source.choice(regions)
        west, south, east, north = region.geometry.bounds
        point = shapely.Point(source.uniform(west, east), source.uniform(south, north))
        if region.geometry.contains(point):
            found.append((point.y, point.x))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--locations", type=int, default=10_000)
    count = parser.parse_args().locations
    regions = all_regions()
    began = time.perf_counter()
    index = Regions(regions)
    indexed_s = time.perf_counter() - began
    source, settings = secrets.SystemRandom(), Blurring()
    homes = places(regions, count)
    took_ms = []
    began = time.perf_counter()
    for latitude, longitude in homes:
        one = time.perf_counter()
        anonymize_location(latitude, longitude, index, source, settings)
        took_ms.append((time.perf_counter() - one) * 1000)
    a_minute = count / (time.perf_counter() - began) * 60
    took_ms.sort()
    print(f"{len(regions)} regions indexed in {indexed_s * 1000:.1f} ms")
    print(f"{count} locations: {a_minute:,.0f} a minute (wanted: {WANTED_A_MINUTE:,})")
    print(f"each: median {took_ms[count // 2]:.2f} ms, 99 % {took_ms[count * 99 // 100]:.2f} ms")
    if a_minute < WANTED_A_MINUTE:
        sys.exit(1)


if __name__ == "__main__":
    main()
