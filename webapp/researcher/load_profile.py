"""Load profiles: the mean power of a household by quarter of an hour of the local day. Pure.

The view gives, for each meter and quarter, how often it drew and how often it delivered, and both sums. A
household's drawn power is the mean over all its slots of that quarter, a slot in which it delivered counting
as 0; the survey's is the mean over households, each counting once, however complete it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from couch.documents.household import MeterType
from couch.research_figures import PowerCell

Quantity = Literal["drawn", "fed_in", "generated"]
QUARTERS = 96
Values = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """Mean watts by quarter of the local day; None: nothing was measured then. `households`: how many."""

    watts: Values
    households: int


Profiles = Mapping[tuple[Quantity, bool], Profile]  # by quantity and whether it is of weekends


def load_profiles(
    cells: Iterable[PowerCell], types: Mapping[str, MeterType]
) -> dict[tuple[Quantity, bool], Profile]:
    """The mean profiles of the households in `cells`, which stand together by household.

    `types` says which meters count generation; a meter that it does not know is left out.
    """
    sums: dict[tuple[Quantity, bool], list[float]] = defaultdict(lambda: [0.0] * QUARTERS)
    counts: dict[tuple[Quantity, bool], list[int]] = defaultdict(lambda: [0] * QUARTERS)
    households: dict[tuple[Quantity, bool], int] = defaultdict(int)
    for _, own in groupby(cells, key=lambda cell: cell.household):
        for key, watts in _of_household(own, types).items():
            households[key] += 1
            for quarter, value in watts.items():
                sums[key][quarter] += value
                counts[key][quarter] += 1
    return {
        key: Profile(
            tuple(
                total / count if count else None for total, count in zip(sums[key], counts[key], strict=True)
            ),
            number,
        )
        for key, number in households.items()
    }


def _of_household(
    cells: Iterable[PowerCell], types: Mapping[str, MeterType]
) -> dict[tuple[Quantity, bool], dict[int, float]]:
    """Watts by quarter, the household's meters added up."""
    power: dict[tuple[Quantity, bool], dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for (meter, weekend, quarter), both in groupby(
        cells, key=lambda cell: (cell.meter, cell.weekend, cell.quarter)
    ):
        sums, slots = {"in": 0.0, "out": 0.0}, 0
        for cell in both:
            sums[cell.direction] += cell.sum_w
            slots += cell.count
        kind = types.get(meter)
        if kind == "PV_GENERATION":  # wired either way round, it generates
            power["generated", weekend][quarter] += (sums["in"] + sums["out"]) / slots
        elif kind == "ELECTRICITY":
            power["drawn", weekend][quarter] += sums["in"] / slots
            power["fed_in", weekend][quarter] += sums["out"] / slots
    return power
