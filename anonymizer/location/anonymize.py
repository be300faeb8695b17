"""From a household's location to the one that outlives its consent."""

import random
from dataclasses import dataclass

from anonymizer.geodata.regions import Regions
from anonymizer.location.distances import distances
from anonymizer.location.ring import Ring
from couch.blurring import Blurring


@dataclass(frozen=True, slots=True)
class AnonymizedLocation:
    """What was drawn: degrees, WGS 84.

    Only latitude and longitude may be published. Region and density are the household's own and would narrow
    the ring: they are for the moment of drawing, not for a document, a log or a receipt.
    """

    latitude: float
    longitude: float
    region: str  # NUTS-3 code
    density_per_km2: float


def anonymize_location(
    latitude: float, longitude: float, regions: Regions, random_source: random.Random, settings: Blurring
) -> AnonymizedLocation:
    """A random location around the household's, uniform over the ring's area (design 7, step 2).

    Every call draws anew: store what it returned before anything uses it, and never call it again for the
    same household. `random_source` is `secrets.SystemRandom()` outside of tests.
    Raises NoRegion where the location lies in no region and near none: nothing is drawn then.
    """
    region = regions.at(latitude, longitude)
    bounds = distances(region.density_per_km2, settings.distance_factor)
    drawn_lat, drawn_lon = Ring(latitude, longitude, bounds).draw(random_source)
    return AnonymizedLocation(drawn_lat, drawn_lon, region.code, region.density_per_km2)
