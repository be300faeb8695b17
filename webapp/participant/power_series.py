"""The power of a meter by slot, from what it sent: pure functions over measurements.

Meters that send no power (locked ones, older ones) still count energy: there the mean power between two
neighbouring slots follows from the counters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from couch.clock import SLOT
from couch.documents import Measurement

_TOTAL, _DRAWN, _FED = "0100100700ff", "0100010700ff", "0100020700ff"  # 16.7.0, 1.7.0, 2.7.0
_IMPORT, _EXPORT = "0100010800ff", "0100020800ff"  # 1.8.0, 2.8.0
_SLOT_HOURS = Decimal(int(SLOT.total_seconds())) / 3600


@dataclass(frozen=True, slots=True)
class Point:
    """Mean or momentary power of a slot in W."""

    slot: datetime
    watts: Decimal


@dataclass(frozen=True, slots=True)
class PowerSeries:
    """Points in the order of their slots. `kind`: sent by the meter, or computed from its counters."""

    kind: Literal["sent", "computed"]
    points: tuple[Point, ...]


def power_series(measurements: Sequence[Measurement], *, generation: bool = False) -> PowerSeries:
    """The series of one meter's measurements, oldest first; without points where they tell no power.

    Positive: drawn from the grid, negative: fed into it. A generation meter counts what was made as fed in;
    with `generation` that is the positive side.
    """
    sign = -1 if generation else 1
    sent = [Point(item.slot, sign * watts) for item in measurements if (watts := _sent(item)) is not None]
    if sent:
        return PowerSeries("sent", tuple(sent))
    pairs = pairwise(measurements)
    computed = [
        Point(earlier.slot, sign * watts)
        for earlier, later in pairs
        if later.slot - earlier.slot == SLOT and (watts := _computed(earlier, later)) is not None
    ]
    return PowerSeries("computed", tuple(computed))


def runs(points: Sequence[Point]) -> list[tuple[Point, ...]]:
    """`points` cut where a slot is missing, so that no line is drawn over a gap."""
    found: list[list[Point]] = []
    for point in points:
        if found and point.slot - found[-1][-1].slot == SLOT:
            found[-1].append(point)
        else:
            found.append([point])
    return [tuple(run) for run in found]


def _sent(measurement: Measurement) -> Decimal | None:
    values = _quantities(measurement, "W")
    if _TOTAL in values:
        return values[_TOTAL]
    if _DRAWN in values or _FED in values:
        # 1.7.0 is signed on some text meters; then they send no 2.7.0.
        return values.get(_DRAWN, Decimal(0)) - values.get(_FED, Decimal(0))
    return None


def _computed(earlier: Measurement, later: Measurement) -> Decimal | None:
    before, after = _quantities(earlier, "Wh"), _quantities(later, "Wh")
    moved = {
        code: after[code] - before[code] for code in (_IMPORT, _EXPORT) if code in before and code in after
    }
    if not moved:
        return None
    return (moved.get(_IMPORT, Decimal(0)) - moved.get(_EXPORT, Decimal(0))) / _SLOT_HOURS


def _quantities(measurement: Measurement, unit: str) -> dict[str, Decimal]:
    return {reading.obis: reading.quantity for reading in measurement.data if reading.unit == unit}
