"""A simulated household: load, photovoltaics, battery, and what follows from them for the grid.

Everything is a pure function of the kind of household and the time, so that two heads of one household agree
and a restart continues: each simulated day begins at 03:00 UTC with an empty battery, days repeat after 52
weeks (weekdays stay in place, the season drifts by a day a year), counters are sums from a fixed origin.
Powers are whole watts constant over five minutes, energies watt-seconds: load + export + charge is exactly
generation + import + discharge, at every step.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from edge.simulation.load import load_power
from edge.simulation.photovoltaics import DAY_BEGINS_H, STEPS_A_DAY, pv_power

STEP_S = 300
_DAY_S = STEP_S * STEPS_A_DAY
_CYCLE_DAYS = 364
# a Monday; half a step early, so that power does not change just when a 15-minute slot begins
ORIGIN = int(datetime(2025, 1, 6, DAY_BEGINS_H, tzinfo=UTC).timestamp()) - STEP_S // 2
_ORIGIN_DAY_OF_YEAR = 6
_EMPTYING_STEPS = 24  # the last two hours before 03:00 UTC
_BATTERY_W_A_KWH = 500  # fastest charge and discharge


@dataclass(frozen=True, slots=True)
class HouseholdKind:
    """What tells simulated households apart. `load_kwh` is a year's."""

    seed: int
    pv_kw: float = 8.0
    battery_kwh: float = 10.0
    load_kwh: float = 3500.0


class Step(NamedTuple):
    """Powers of five minutes, W. `charge_w` is negative when the battery gives; `grid_w` when it takes."""

    load_w: int
    pv_w: int
    charge_w: int

    @property
    def grid_w(self) -> int:
        return self.load_w - self.pv_w + self.charge_w


class Energies(NamedTuple):
    """Energies since the origin, watt-seconds."""

    imported: int
    exported: int
    generated: int

    def plus(self, step: Step, seconds: int) -> "Energies":
        """These energies after `seconds` of `step`."""
        grid = step.grid_w * seconds
        return Energies(
            self.imported + max(grid, 0), self.exported + max(-grid, 0), self.generated + step.pv_w * seconds
        )


class Household:
    """Energies and powers at any time; keeps the days it has worked out."""

    def __init__(self, kind: HouseholdKind) -> None:
        self._kind = kind
        self._before = [Energies(0, 0, 0)]  # at the beginning of each day of the cycle
        self._day: tuple[int, list[Step]] = (-1, [])

    def at(self, moment_s: int) -> tuple[Energies, Step]:
        """Energies up to and power at `moment_s`, seconds since 1970. Before the origin energies are 0."""
        cycle, day, step, seconds = self._place(moment_s)
        steps = self._steps(day)
        if moment_s < ORIGIN:
            return self._before[0], steps[step]
        energies = self._until(day)
        for number in range(step):
            energies = energies.plus(steps[number], STEP_S)
        energies = energies.plus(steps[step], seconds)
        if cycle:
            whole = self._until(_CYCLE_DAYS)
            energies = Energies(*(now + cycle * each for now, each in zip(energies, whole, strict=True)))
        return energies, steps[step]

    def _place(self, moment_s: int) -> tuple[int, int, int, int]:
        """Cycle, day in it, step in that, seconds in that."""
        days, second = divmod(moment_s - ORIGIN, _DAY_S)
        cycle, day = divmod(days, _CYCLE_DAYS)
        return (cycle, day, *divmod(second, STEP_S))

    def _until(self, day: int) -> Energies:
        while len(self._before) <= day:
            energies = self._before[-1]
            for step in steps_of_day(self._kind, len(self._before) - 1):
                energies = energies.plus(step, STEP_S)
            self._before.append(energies)
        return self._before[day]

    def _steps(self, day: int) -> list[Step]:
        if self._day[0] != day:
            self._day = (day, steps_of_day(self._kind, day))
        return self._day[1]


def steps_of_day(kind: HouseholdKind, day: int) -> list[Step]:
    """The 288 steps of a day of the cycle, from 03:00 UTC on."""
    chance = random.Random(f"{kind.seed}:{day}")  # noqa: S311 - a simulation, nothing secret
    pv = pv_power(kind.pv_kw * 1000, _ORIGIN_DAY_OF_YEAR + day, chance)
    load = load_power(kind.load_kwh, day, chance)
    capacity = int(kind.battery_kwh * 1000) * 3600
    fastest = int(kind.battery_kwh * _BATTERY_W_A_KWH)
    stored = 0
    steps = []
    for number, (load_w, pv_w) in enumerate(zip(load, pv, strict=True)):
        surplus = pv_w - load_w
        left = STEPS_A_DAY - number
        if surplus >= 0:
            charge = min(surplus, fastest, (capacity - stored) // STEP_S)
        else:
            charge = -min(-surplus, fastest, stored // STEP_S)
        if left <= _EMPTYING_STEPS:
            # empty by dawn, if need be into the grid: tomorrow then depends on nothing but its date
            charge = min(charge, -(stored // (STEP_S * left)))
        stored += charge * STEP_S
        steps.append(Step(load_w, pv_w, charge))
    return steps
