"""The load curve of a simulated household."""

import random
from functools import cache

from edge.simulation.photovoltaics import DAY_BEGINS_H, STEPS_A_DAY

_LOCAL_H = 1  # Central European Time
_HOURS_A_YEAR = 8766
_KETTLE_W, _KETTLE_CHANCE = 1800, 0.02  # a step
_WORKDAY = (5, 5, 5, 5, 5, 7, 12, 14, 11, 9, 9, 10, 13, 11, 9, 9, 10, 14, 19, 20, 18, 15, 11, 7)  # by hour
_WEEKEND = (6, 5, 5, 5, 5, 5, 7, 10, 14, 16, 15, 16, 18, 15, 13, 12, 12, 14, 18, 19, 17, 15, 12, 8)


def load_power(yearly_kwh: float, day: int, habits: random.Random) -> list[int]:
    """Watt for each step of the day that begins at 03:00 UTC; day 0 is a Monday."""
    mean_w = yearly_kwh * 1000 / _HOURS_A_YEAR
    kettle_w = min(_KETTLE_W, 5 * mean_w)
    steady_w = mean_w - kettle_w * _KETTLE_CHANCE
    busy = habits.uniform(0.8, 1.2)  # guests, holidays
    return [
        int(steady_w * share * busy * habits.uniform(0.6, 1.4))
        + (int(kettle_w) if habits.random() < _KETTLE_CHANCE else 0)
        for share in _shares(day % 7 >= 5)
    ]


@cache
def _shares(weekend: bool) -> tuple[float, ...]:
    """The part of the mean power that each step takes."""
    hours = _WEEKEND if weekend else _WORKDAY
    mean = sum(hours) / len(hours)
    steps_an_hour = STEPS_A_DAY // 24
    return tuple(
        hours[(step // steps_an_hour + DAY_BEGINS_H + _LOCAL_H) % 24] / mean for step in range(STEPS_A_DAY)
    )
