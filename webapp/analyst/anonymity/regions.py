"""In which region a place lies: asked of whoever has the geodata, since these pages know none."""

from collections.abc import Callable

# (latitude, longitude) in degrees, WGS 84 -> the code of the NUTS-3 region; None: in none that is known.
RegionOf = Callable[[float, float], str | None]


def unknown_region(_latitude: float, _longitude: float) -> str | None:
    """Where no geodata is imported: every place lies in one and the same unknown region."""
    return None
