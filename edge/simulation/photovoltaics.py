"""Power of a simulated photovoltaic system from the sun's height and the day's weather."""

import math
import random
from functools import cache

STEPS_A_DAY = 288  # of five minutes
DAY_BEGINS_H = 3  # UTC; the sun is below the horizon then in every season
_LATITUDE_DEG, _LONGITUDE_DEG = 50.0, 8.6  # Frankfurt am Main
_TILT_DEG = 50.0
_OBLIQUITY_DEG = 23.44
_FROM_THE_SKY = 0.15  # of the light, where the sun does not reach the plane
_PERFORMANCE = 0.95  # of the nominal power, in full sun


def pv_power(nominal_w: float, day_of_year: int, weather: random.Random) -> list[int]:
    """Watt for each step of the day that begins at 03:00 UTC, never negative."""
    declination = -math.radians(_OBLIQUITY_DEG) * math.cos(2 * math.pi * (day_of_year + 10) / 365.25)
    latitude = math.radians(_LATITUDE_DEG)
    # a plane facing south sees the sun as a horizontal one does, nearer to the equator by its tilt
    plane = latitude - math.radians(_TILT_DEG)
    rise, swing = math.sin(latitude) * math.sin(declination), math.cos(latitude) * math.cos(declination)
    rise_p, swing_p = math.sin(plane) * math.sin(declination), math.cos(plane) * math.cos(declination)
    clearness = 0.1 + 0.9 * weather.random() ** 0.8
    unrest = 0.6 * min(clearness, 1.0 - clearness) * 2  # clouds pass most on days that are neither
    power = []
    for hour_angle in _cosines():
        height = rise + swing * hour_angle
        if height <= 0:
            power.append(0)
            continue
        facing = max(rise_p + swing_p * hour_angle, _FROM_THE_SKY * height)
        through_air = 0.75 ** (1 / (height + 0.05))
        passing = clearness * (1 - unrest * weather.random())
        power.append(int(nominal_w * _PERFORMANCE * 1.2 * facing * through_air * passing))
    return power


@cache
def _cosines() -> tuple[float, ...]:
    """Cosine of the sun's hour angle at each step."""
    noon_h = 12 - _LONGITUDE_DEG / 15
    step_h = 24 / STEPS_A_DAY
    return tuple(
        math.cos(math.pi / 12 * (DAY_BEGINS_H + step * step_h - noon_h)) for step in range(STEPS_A_DAY)
    )
