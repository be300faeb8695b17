"""The power of a meter slot by slot over a day, as a row with gaps. Pure.

A meter that sends its power with a sign is believed. Others still count energy: there the mean power of a
slot follows from the counters at its two ends. Power without sign (15.7.0) is the last resort.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from couch.clock import SLOT
from couch.documents import Measurement, Reading
from webapp.participant.energy.counting import Point, follows
from webapp.participant.energy.registers import Direction, counters, direction, power

_UNSIGNED = "01000f0700ff"  # 15.7.0
_SLOTS_AN_HOUR = 4


@dataclass(frozen=True, slots=True)
class Curve:
    """`watts`: for each slot asked for, None where it is not known. `kind`: sent by the meter at the slot's
    beginning, or the slot's mean computed from its counters.

    Positive: drawn from the grid; of a generation meter: generated.
    """

    kind: Literal["sent", "computed"]
    watts: tuple[Decimal | None, ...]

    @property
    def empty(self) -> bool:
        return all(value is None for value in self.watts)


def power_curve(
    measurements: Sequence[Measurement], slots: Sequence[datetime], generating: Direction | None = None
) -> Curve:
    """The curve over `slots`; `generating`: of a generation meter, which counts in this direction."""
    sign = -1 if generating == "export" else 1
    sent = {one.slot: watts for one in measurements if (watts := signed_power(one.data)) is not None}
    if sent:
        return Curve("sent", tuple(_turned(sent.get(slot), sign) for slot in slots))
    computed = _from_counters({one.slot: one for one in measurements}, slots)
    if any(value is not None for value in computed):
        return Curve("computed", tuple(_turned(value, sign) for value in computed))
    unsigned = {one.slot: power(one.data) for one in measurements}
    return Curve("sent", tuple(unsigned.get(slot) for slot in slots))


def signed_power(readings: Sequence[Reading]) -> Decimal | None:
    """The power that a meter sent with its sign."""
    return power(one for one in readings if one.obis != _UNSIGNED)


def _from_counters(
    measurements: Mapping[datetime, Measurement], slots: Sequence[datetime]
) -> list[Decimal | None]:
    return [
        _mean(measurements[slot], measurements[slot + SLOT])
        if slot in measurements and slot + SLOT in measurements
        else None
        for slot in slots
    ]


def _mean(earlier: Measurement, later: Measurement) -> Decimal | None:
    """Mean power in W between two neighbouring slots; None where no counter ran evenly."""
    moved: dict[Direction, Decimal] = {}
    before, after = counters(earlier.data), counters(later.data)
    for code in before.keys() & after.keys():
        start, end = (
            _point(one.slot, reading) for one, reading in ((earlier, before[code]), (later, after[code]))
        )
        if not follows(start, end):
            return None
        way = direction(code)
        moved[way] = moved.get(way, Decimal(0)) + end.wh - start.wh
    if not moved:
        return None
    return (moved.get("import", Decimal(0)) - moved.get("export", Decimal(0))) * _SLOTS_AN_HOUR


def _point(slot: datetime, reading: Reading) -> Point:
    return Point(slot, reading.quantity, Decimal(1).scaleb(reading.scaler))


def _turned(watts: Decimal | None, sign: int) -> Decimal | None:
    return None if watts is None else sign * watts
