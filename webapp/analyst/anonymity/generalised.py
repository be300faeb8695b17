"""What goes out of a household's context: each attribute only as finely as the settings say. Pure.

Classes are made so that a coarser one holds whole finer ones: then coarser settings never make fewer
households alike. Azimuth classes are sectors around the points of the compass (90: north from 315 to 45).
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from couch.documents import Context, ContextPvSystem, Metadata
from webapp.analyst.anonymity.regions import RegionOf
from webapp.analyst.anonymity.settings import AnonymitySettings

_UPRIGHT_DEG = 90


class GeneralSystem(msgspec.Struct, frozen=True, gc=False):
    """A photovoltaic system, or all of a household taken together. None: it does not go out, or is unknown.

    Its power lies above `power_from_kw` (0: none) and at or below `power_to_kw` (None: no limit).
    `azimuth_deg` and `tilt_deg` are the middle of their classes, `installed_on` the first day of its one.
    """

    pv_system: str
    meters: tuple[str, ...]
    nominal_power_kw: float | None
    power_from_kw: float | None
    power_to_kw: float | None
    azimuth_deg: float | None
    tilt_deg: float | None
    installed_on: date | None

    @property
    def traits(self) -> tuple[Any, ...]:
        """What makes it like others: all but its own names."""
        return msgspec.structs.astuple(self)[2:]


class General(msgspec.Struct, frozen=True, gc=False):
    """A household as it goes out. None: the attribute does not go out, or is unknown.

    `persons`: 1, 2, 3-4 or 5+.
    """

    household: str
    region: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    children: int | None = None
    adults: int | None = None
    adults_with_job: int | None = None
    persons: str | None = None
    ev_charger: bool | None = None
    heat_pump: bool | None = None
    home_battery: bool | None = None
    systems: tuple[GeneralSystem, ...] = ()

    @property
    def traits(self) -> tuple[Any, ...]:
        """Everything by which somebody who knows the household could recognize it; equal: alike."""
        systems = [system.traits for system in self.systems]
        if len(systems) > 1:
            systems.sort(key=repr)
        return (*msgspec.structs.astuple(self)[1:-1], *systems)


def generalise(context: Context, settings: AnonymitySettings, region_of: RegionOf) -> General:
    """The household as it goes out."""
    place, letters = context.location, settings.region_letters
    region = region_of(place.latitude, place.longitude) if place is not None and letters else None
    exactly = place if settings.exact_locations else None
    return General(
        household=context.household,
        region=None if region is None else region[:letters],
        latitude=None if exactly is None else exactly.latitude,
        longitude=None if exactly is None else exactly.longitude,
        systems=_systems(context.pv_systems, settings),
        **_answers(context.metadata, settings),
    )


def power_class(kw: float, edges: Sequence[float]) -> tuple[float | None, float | None]:
    """The class of a power: above the first, up to and with the second number (None: no limit)."""
    if not edges:
        return None, None
    place = bisect_left(edges, kw)
    return (edges[place - 1] if place else 0.0), (edges[place] if place < len(edges) else None)


def azimuth_class(degrees: float, step: int) -> float:
    """The middle of the sector of `step` degrees; the first one lies around north."""
    return ((degrees + step / 2) % 360) // step * float(step)


def tilt_class(degrees: float, step: int) -> float:
    """The middle of the class of `step` degrees; the last one holds upright ones too."""
    return min(degrees // step * step, _UPRIGHT_DEG - step) + step / 2


def year_class(day: date, step: int) -> date:
    """1 January of the first year of the class."""
    return date(max(day.year - day.year % step, 1), 1, 1)


def persons_class(persons: int) -> str:
    """1, 2, 3-4 or 5+."""
    if persons <= 2:
        return str(max(persons, 1))
    return "3-4" if persons <= 4 else "5+"


def _answers(metadata: Metadata | None, settings: AnonymitySettings) -> dict[str, Any]:
    if metadata is None:
        return {}
    found: dict[str, Any] = {name: getattr(metadata, name) for name in settings.equipment}
    if settings.persons == "exact":
        found |= {name: getattr(metadata, name) for name in ("children", "adults", "adults_with_job")}
    elif settings.persons == "classes":
        found["persons"] = persons_class(metadata.children + metadata.adults)
    return found


def _systems(systems: Sequence[ContextPvSystem], settings: AnonymitySettings) -> tuple[GeneralSystem, ...]:
    if settings.systems == "each" or len(systems) < 2:
        return tuple(_system(system, system.nominal_power_kw, system.meters, settings) for system in systems)
    largest = max(systems, key=lambda system: (system.nominal_power_kw, system.pv_system))
    # Rounded to a watt: a sum of floats must not fall beyond an edge that it stands on.
    power = round(sum(system.nominal_power_kw for system in systems), 3)
    meters = tuple(sorted({meter for system in systems for meter in system.meters}))
    return (_system(largest, power, meters, settings),)


def _system(
    system: ContextPvSystem, power_kw: float, meters: tuple[str, ...], settings: AnonymitySettings
) -> GeneralSystem:
    if settings.exact_systems:
        return GeneralSystem(
            system.pv_system,
            meters,
            power_kw,
            None,
            None,
            system.azimuth_deg,
            system.tilt_deg,
            system.installed_on,
        )
    low, high = power_class(power_kw, settings.power_edges_kw)
    azimuth, tilt = system.azimuth_deg, system.tilt_deg
    return GeneralSystem(
        system.pv_system,
        meters,
        None,
        low,
        high,
        azimuth_class(azimuth, settings.azimuth_step_deg)
        if settings.azimuth_step_deg and azimuth is not None
        else None,
        tilt_class(tilt, settings.tilt_step_deg) if settings.tilt_step_deg and tilt is not None else None,
        year_class(system.installed_on, settings.year_step) if settings.year_step else None,
    )
