"""How far an anonymized location lies from the household: equation 3.1 of the thesis."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Distances:
    """Bounds of the distance between the household and its anonymized location, in metres."""

    d_min_m: float
    d_max_m: float

    def __post_init__(self) -> None:
        if not 0 < self.d_min_m < self.d_max_m < math.inf:
            raise ValueError(f"no ring lies between {self.d_min_m} m and {self.d_max_m} m")


def distances(density_per_km2: float, factor: float = 1.0) -> Distances:
    """The bounds where `density_per_km2` people live on a square kilometre; `factor` widens both.

    d_min = max(min(-1.321 rho + 4264 m, 8000 m), 300 m), d_max = max(min(-3.107 rho + 10621 m, 20000 m),
    1300 m) (thesis, equation 3.1). Since no density is negative, the upper limits of 8 and 20 km are never
    reached: an empty region gives 4264 m and 10621 m. From about 3000 people on a square kilometre on it is
    300 m and 1300 m. Raises ValueError for what is no density.
    """
    if not 0 <= density_per_km2 < math.inf:
        raise ValueError(f"{density_per_km2} people on a square kilometre is no density")
    d_min_m = max(min(-1.321 * density_per_km2 + 4264, 8000), 300)
    d_max_m = max(min(-3.107 * density_per_km2 + 10621, 20000), 1300)
    return Distances(d_min_m * factor, d_max_m * factor)
