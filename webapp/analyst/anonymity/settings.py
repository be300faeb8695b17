"""How coarse households are described in what goes out, and how many must look alike: `[anonymity]`."""

from itertools import pairwise
from typing import Annotated, Literal

import msgspec

Equipment = Literal["ev_charger", "heat_pump", "home_battery"]


class AnonymitySettings(msgspec.Struct, frozen=True, kw_only=True):
    """`[anonymity]` of centre_web.toml. 0 or empty: that attribute does not go out at all.

    Whatever of these goes out is counted: an attribute that is finer makes fewer households alike. The steps
    of azimuth and tilt are such that coarser classes are made of whole finer ones. `exact_systems` and
    `exact_locations` let installations and places out as they are stored, which leaves nobody alike.
    """

    threshold: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 5  # the smallest k that goes out
    # Households that are like fewer others: the export is refused, or nothing is told of them.
    too_few: Literal["refuse", "blank"] = "refuse"
    region_letters: Literal[0, 2, 3, 4, 5] = 3  # of the NUTS code: country 2, state 3, district 5
    power_edges_kw: Annotated[
        tuple[Annotated[float, msgspec.Meta(gt=0)], ...], msgspec.Meta(examples=[[5, 10, 30]])
    ] = (10.0,)
    azimuth_step_deg: Literal[0, 2, 10, 30, 90] = 90
    tilt_step_deg: Literal[0, 5, 15, 45] = 0
    year_step: Literal[0, 1, 5, 10, 20] = 10
    systems: Literal["each", "together"] = "together"  # power of all in one, the rest of the largest
    persons: Literal["exact", "classes", "none"] = "none"
    equipment: tuple[Equipment, ...] = ()
    exact_locations: bool = False
    exact_systems: bool = False

    def __post_init__(self) -> None:
        if any(low >= high for low, high in pairwise(self.power_edges_kw)):
            raise ValueError("power_edges_kw must rise, for example [5, 10, 30]")

    @property
    def open(self) -> bool:
        """Whether everything may go out: nobody is asked to look like anybody else."""
        return self.threshold == 1

    def at_threshold(self, threshold: int) -> "AnonymitySettings":
        """The same description of households, for another threshold."""
        return msgspec.structs.replace(self, threshold=threshold)
