"""From a household's location to the one that outlives its consent."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.geodata import NoRegion, Region, Regions
from anonymizer.geodata.importing import read_features, regions_of
from anonymizer.location import AnonymizedLocation, anonymize_location, distances
from couch.blurring import Blurring

GEOD = pyproj.Geod(ellps="WGS84")
REAL = Path(__file__).parents[4] / "shared" / "data" / "nuts3_de_2021.geojson"
REGIONS = Regions(
    [
        Region("DE001", "Country", 100.0, shapely.box(10, 50, 10.1, 50.1)),
        Region("DE002", "Town", 4000.0, shapely.box(10.1, 50, 10.2, 50.1)),
    ]
)


class Silent(random.Random):
    """A source that must not be asked."""

    def random(self) -> float:
        raise AssertionError("a place was drawn")


@pytest.mark.parametrize(("longitude", "code"), [(10.05, "DE001"), (10.15, "DE002"), (10.21, "DE002")])
def test_the_region_s_density_sets_the_ring(longitude: float, code: str) -> None:
    found = anonymize_location(50.05, longitude, REGIONS, random.Random(1), Blurring())
    bounds = distances(found.density_per_km2)
    away_m = GEOD.inv(longitude, 50.05, found.longitude, found.latitude)[2]
    assert found.region == code
    assert bounds.d_min_m <= away_m <= bounds.d_max_m


def test_a_factor_in_the_settings_carries_it_further_away() -> None:
    found = anonymize_location(50.05, 10.05, REGIONS, random.Random(1), Blurring(distance_factor=3))
    away_m = GEOD.inv(10.05, 50.05, found.longitude, found.latitude)[2]
    assert 3 * distances(100).d_min_m <= away_m <= 3 * distances(100).d_max_m


def test_without_a_region_nothing_is_drawn() -> None:
    with pytest.raises(NoRegion):
        anonymize_location(48, 10.05, REGIONS, Silent(), Blurring())


@pytest.fixture(scope="module")
def germany() -> Regions:
    if not REAL.is_file():
        pytest.skip(f"the shared regions of Germany are not there ({REAL.name})")
    return Regions(regions_of(read_features(REAL), None, country="DE", file=REAL).regions)


@settings(max_examples=150, deadline=None)
@given(st.floats(47.3, 55), st.floats(5.9, 15), st.integers(0, 2**32))
def test_in_germany_every_place_with_a_region_gets_a_ring_by_it(
    germany: Regions, latitude: float, longitude: float, seed: int
) -> None:
    try:
        found = anonymize_location(latitude, longitude, germany, random.Random(seed), Blurring())
    except NoRegion:
        return
    bounds = distances(germany.at(latitude, longitude).density_per_km2)
    away_m = GEOD.inv(longitude, latitude, found.longitude, found.latitude)[2]
    assert bounds.d_min_m <= away_m <= bounds.d_max_m


def test_the_worker_s_threads_may_share_the_regions() -> None:
    def drawn(seed: int) -> list[AnonymizedLocation]:
        source = random.Random(seed)
        return [
            anonymize_location(50.05, 9.95 + seed / 50 + n / 1000, REGIONS, source, Blurring())
            for n in range(20)
        ]

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(drawn, range(10)))
    assert together == [drawn(seed) for seed in range(10)]
