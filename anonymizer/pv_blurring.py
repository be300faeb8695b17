"""Photovoltaic systems, blurred so that the public register of installations names none (thesis 3.1.4 C).

What remains: nominal power to the nearest whole kW (or step), the 1 January of the year of installation,
azimuth and tilt. A system below half a kW is given one step, not zero: 0 kW would say that there is none,
would single out the balcony systems, and every yield per kW would divide by it. So the lowest step holds all
systems up to one and a half steps. Halves are rounded up.
"""

import math
from datetime import date

from couch.blurring import Blurring
from couch.documents import ContextPvSystem


def blur_pv(system: ContextPvSystem, settings: Blurring) -> ContextPvSystem:
    """The system as it may stand in `research` after the revocation, built field by field.

    Blurring twice changes nothing more.
    """
    return ContextPvSystem(
        pv_system=system.pv_system,
        nominal_power_kw=blurred_power(system.nominal_power_kw, settings.power_step_kw),
        azimuth_deg=system.azimuth_deg if settings.keep_azimuth else None,
        tilt_deg=system.tilt_deg if settings.keep_tilt else None,
        installed_on=blurred_date(system.installed_on, settings.year_step),
        meters=system.meters,
    )


def blurred_power(kw: float, step_kw: int = 1) -> float:
    """The multiple of `step_kw` nearest to `kw`, at least one step. Raises ValueError for no power."""
    if not 0 < kw < math.inf:
        raise ValueError("a nominal power is a positive number of kW")
    return float(max(math.floor(kw / step_kw + 0.5), 1) * step_kw)


def blurred_date(day: date, year_step: int = 1) -> date:
    """The 1 January of the year, or of the first year of its block of `year_step` years."""
    return date(max(day.year - day.year % year_step, 1), 1, 1)
