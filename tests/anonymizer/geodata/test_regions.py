"""Which region a place belongs to."""

import json
import math
from pathlib import Path

import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from anonymizer.geodata import NoRegion, Region, Regions
from anonymizer.geodata.importing import read_features, regions_of
from couch.errors import Fault

GEOD = pyproj.Geod(ellps="WGS84")
REAL = Path(__file__).parents[4] / "shared" / "data" / "nuts3_de_2021.geojson"


def region(code: str, density: float, *bounds: float) -> Region:
    """A box; its bounds are west, south, east and north."""
    return Region(code, code, density, shapely.box(*bounds))


REGIONS = Regions(
    [
        region("DE002", 4000, 10.1, 50.0, 10.2, 50.1),
        region("DE001", 100, 10.0, 50.0, 10.1, 50.1),
        region("DE003", 35, 10.5, 50.0, 10.6, 50.1),
    ]
)


@pytest.mark.parametrize(("longitude", "code"), [(10.05, "DE001"), (10.15, "DE002"), (10.55, "DE003")])
def test_a_place_belongs_to_the_polygon_it_lies_in(longitude: float, code: str) -> None:
    assert REGIONS.at(50.05, longitude).code == code


def test_on_a_shared_border_the_emptier_region_wins_because_its_ring_is_wider() -> None:
    assert REGIONS.at(50.05, 10.1).code == "DE001"


def test_a_hole_in_a_region_belongs_to_what_lies_in_it() -> None:
    city = region("DE002", 4000, 10.04, 50.04, 10.06, 50.06)
    around = Region("DE001", "", 100, shapely.box(10, 50, 10.1, 50.1).difference(city.geometry))
    assert Regions([around, city]).at(50.05, 10.05).code == "DE002"


@pytest.mark.parametrize("azimuth", range(0, 360, 15))
def test_outside_all_polygons_the_nearest_counts_up_to_5_km_and_not_beyond(azimuth: int) -> None:
    """A region as small as a point, so that every direction is judged by its distance on the ellipsoid."""
    tiny = Regions([region("DE001", 100, 9.999999, 53.999999, 10.000001, 54.000001)])
    near_lon, near_lat, _ = GEOD.fwd(10, 54, azimuth, 4999)
    far_lon, far_lat, _ = GEOD.fwd(10, 54, azimuth, 5001)
    assert tiny.at(near_lat, near_lon).code == "DE001"
    with pytest.raises(NoRegion):
        tiny.at(far_lat, far_lon)


def test_the_distance_is_that_to_the_edge_between_two_corners() -> None:
    long_edge = Regions([region("DE001", 100, 8, 52, 12, 52.5)])
    assert long_edge.at(52 - 4990 / 111_270, 10.013).code == "DE001"
    with pytest.raises(NoRegion):
        long_edge.at(52 - 5010 / 111_270, 10.013)


def test_of_two_near_regions_the_nearer_one_counts() -> None:
    two = Regions([region("DE001", 35, 10.0, 50, 10.1, 50.1), region("DE002", 900, 10.16, 50, 10.2, 50.1)])
    assert two.at(50.05, 10.12).code == "DE001"
    assert two.at(50.05, 10.14).code == "DE002"


@pytest.mark.parametrize(
    "place",
    [
        (50.05, 10.35),
        (51.0, 10.05),
        (0, 0),
        (-50.05, 10.05),
        (90, 0),
        (math.nan, 10),
        (50, math.inf),
        (91, 10),
    ],
)
def test_a_place_far_from_all_regions_is_refused_in_words_for_the_administrator(
    place: tuple[float, float],
) -> None:
    with pytest.raises(NoRegion, match="lies in no region") as caught:
        REGIONS.at(*place)
    assert isinstance(caught.value, Fault)
    assert "survey geodata import" in str(caught.value)
    assert str(place[0]) not in str(caught.value)


def test_a_refusal_says_no_coordinate() -> None:
    with pytest.raises(NoRegion) as caught:
        REGIONS.at(53.987654, 10.123456)
    assert "53.98" not in str(caught.value)
    assert "10.12" not in str(caught.value)


@settings(max_examples=100, deadline=None)
@given(st.floats(49.9, 50.2), st.floats(9.9, 10.7))
def test_the_region_found_is_the_nearest_of_all(latitude: float, longitude: float) -> None:
    """Against a search that knows nothing of trees and windows."""
    boxes = {"DE001": (10.0, 10.1), "DE002": (10.1, 10.2), "DE003": (10.5, 10.6)}
    away = {}
    for code, (west, east) in boxes.items():
        foot = (min(max(longitude, west), east), min(max(latitude, 50.0), 50.1))
        away[code] = GEOD.inv(longitude, latitude, *foot)[2]  # feet of a box in degrees: near, not exact
    nearest_m = min(away.values())
    if nearest_m > 5010:
        with pytest.raises(NoRegion):
            REGIONS.at(latitude, longitude)
    elif nearest_m < 4990:
        assert away[REGIONS.at(latitude, longitude).code] <= nearest_m + 10


@pytest.fixture(scope="module")
def germany() -> Regions:
    if not REAL.is_file():
        pytest.skip(f"the shared regions of Germany are not there ({REAL.name})")
    return Regions(regions_of(read_features(REAL), None, country="DE", file=REAL).regions)


@pytest.mark.parametrize(
    ("latitude", "longitude", "code"),
    [
        (52.52, 13.405, "DE300"),  # Berlin
        (48.137, 11.575, "DE212"),  # Munich
        (50.94, 6.96, "DEA23"),  # Cologne
        (54.32, 10.13, "DEF02"),  # Kiel
        (47.42, 10.98, "DE21D"),  # Garmisch-Partenkirchen, on the Zugspitze
    ],
)
def test_towns_are_found_in_their_districts(
    germany: Regions, latitude: float, longitude: float, code: str
) -> None:
    assert germany.at(latitude, longitude).code == code


def test_the_sea_is_no_region_but_its_shore_is(germany: Regions) -> None:
    with pytest.raises(NoRegion):
        germany.at(54.5, 7.2)


def test_every_district_is_there_and_finds_itself(germany: Regions) -> None:
    codes = {one["properties"]["NUTS_ID"] for one in json.loads(REAL.read_text())["features"]}
    assert len(germany) == len(codes) == 401
    for one in regions_of(read_features(REAL), None, country="DE", file=REAL).regions:
        inside = one.geometry.representative_point()
        assert germany.at(inside.y, inside.x).code == one.code
