"""Where an anonymized location may lie, and that every part of the ring is equally likely."""

import math
import random
import secrets

import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.location import Distances, Ring, distances

GEOD = pyproj.Geod(ellps="WGS84")
BANDS, SECTORS = 5, 12
DRAWS = 12_000
# Chi-square with 59 degrees of freedom exceeds this once in 10,000 tries, so the eight rings below would
# together fail by chance once in 1,250; the seeds are fixed, so they never do unless the drawing changes.
CRITICAL = 108.16
PLACES = [
    pytest.param(47.271543, 10.178342, id="the south, Haldenwanger Eck"),
    pytest.param(52.520017, 13.404954, id="Berlin"),
    pytest.param(54.983117, 8.350021, id="the north, Sylt"),
    pytest.param(50.000013, 11.999987, id="on the border of two UTM zones"),
]

# From the south of Germany to the north, and most often near the borders of UTM zones (6, 12, 18 degrees).
latitudes = st.floats(47, 55)
longitudes = st.one_of(
    st.floats(5.5, 15.5), *(st.floats(border - 0.05, border + 0.05) for border in (6, 12, 18))
)
densities = st.one_of(st.floats(0, 6000), st.floats(0, 1e6), st.sampled_from([0, 2999.9, 3000, 3000.8, 3001]))


def distance_m(latitude: float, longitude: float, drawn: tuple[float, float]) -> float:
    return float(GEOD.inv(longitude, latitude, drawn[1], drawn[0])[2])


@settings(max_examples=300, deadline=None)
@given(latitudes, longitudes, densities, st.floats(1, 10), st.integers(0, 2**32))
def test_the_distance_keeps_to_the_bounds_wherever_and_however_dense(
    latitude: float, longitude: float, density: float, factor: float, seed: int
) -> None:
    bounds = distances(density, factor)
    ring, source = Ring(latitude, longitude, bounds), random.Random(seed)
    for _ in range(5):
        drawn = ring.draw(source)
        assert bounds.d_min_m <= distance_m(latitude, longitude, drawn) <= bounds.d_max_m
        assert drawn == (round(drawn[0], 4), round(drawn[1], 4))


@settings(max_examples=50, deadline=None)
@given(st.floats(-80, 80), st.floats(-180, 180), st.integers(0, 2**32))
def test_no_place_on_earth_breaks_the_drawing(latitude: float, longitude: float, seed: int) -> None:
    bounds = distances(230)
    drawn = Ring(latitude, longitude, bounds).draw(random.Random(seed))
    assert bounds.d_min_m <= distance_m(latitude, longitude, drawn) <= bounds.d_max_m
    assert -180 <= drawn[1] <= 180


def chi_square(
    latitude: float, longitude: float, bounds: Distances, drawn: list[tuple[float, float]]
) -> float:
    """Against equal numbers in cells of equal area: sectors of bands between circles.

    A disc's area grows with the square of its radius (to 10^-6 for these), so bands are equal in that.
    """
    counts = [0] * (BANDS * SECTORS)
    inner, outer = bounds.d_min_m**2, bounds.d_max_m**2
    for lat, lon in drawn:
        azimuth, _, away_m = GEOD.inv(longitude, latitude, lon, lat)
        band = min(int((away_m**2 - inner) / (outer - inner) * BANDS), BANDS - 1)
        counts[band * SECTORS + int(azimuth % 360 / 360 * SECTORS) % SECTORS] += 1
    expected = len(drawn) / len(counts)
    return sum((count - expected) ** 2 / expected for count in counts)


@pytest.mark.parametrize(("latitude", "longitude"), PLACES)
@pytest.mark.parametrize("density", [40, 4800])
def test_every_part_of_the_ring_is_equally_likely(latitude: float, longitude: float, density: float) -> None:
    bounds = distances(density)
    ring, source = Ring(latitude, longitude, bounds), random.Random(f"{latitude} {density}")
    drawn = [ring.draw(source) for _ in range(DRAWS)]
    found = chi_square(latitude, longitude, bounds, drawn)
    print(f"chi-square {found:.1f}, critical {CRITICAL}")  # pytest -rP shows it
    assert found < CRITICAL


def test_the_test_of_uniformity_would_notice_a_distance_drawn_uniformly() -> None:
    latitude, longitude, bounds, source = 52.520017, 13.404954, distances(40), random.Random(1)
    naive = []
    for _ in range(DRAWS):
        away_m = source.uniform(bounds.d_min_m, bounds.d_max_m)
        lon, lat, _ = GEOD.fwd(longitude, latitude, source.uniform(0, 360), away_m)
        naive.append((lat, lon))
    assert chi_square(latitude, longitude, bounds, naive) > 3 * CRITICAL


def test_the_household_s_own_coordinates_never_stand_in_the_new_place() -> None:
    """It was geocoded to as few decimals as are published, so without care one in 150 would share one."""
    ring, source = Ring(52.52, 13.405, distances(4800)), random.Random(3)
    drawn = [ring.draw(source) for _ in range(5000)]
    assert 52.52 not in {lat for lat, _ in drawn}
    assert 13.405 not in {lon for _, lon in drawn}


def test_the_system_s_source_of_randomness_is_taken_and_two_draws_differ() -> None:
    ring, source = Ring(50, 10, distances(40)), secrets.SystemRandom()
    assert len({ring.draw(source) for _ in range(20)}) > 15


def test_the_same_seed_draws_the_same_place() -> None:
    ring = Ring(50, 10, distances(40))
    assert ring.draw(random.Random(7)) == ring.draw(random.Random(7))


def test_the_inner_circle_is_wholly_inside_its_polygon() -> None:
    """A polygon inscribed in it would let places up to 0.2 m too near through."""
    assert 4264 * (1 - math.cos(math.pi / 360)) > 0.1
    ring = Ring(50, 10, distances(0))
    hole = ring._area.interiors[0]
    assert min(math.hypot(x, y) for x, y in hole.segmentize(5).coords) >= 4264 * (1 - 1e-6)
