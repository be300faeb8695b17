"""A month of all households in a few hundred numbers: its load profiles and its energy by day.

Reading them goes once through two views of the month, a minute or more for ten thousand households, so it is
done in the background, and again only when the month or the contexts of households have changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from couch.client import Server
from couch.documents import Context
from couch.documents.household import MeterType
from couch.month_versions import MonthVersion, database_version, month_version
from couch.names import RESEARCH
from couch.research import day_counters
from couch.research_figures import contexts, power_cells
from webapp.researcher.day_energy import energy_of_households
from webapp.researcher.load_profile import Profile, Quantity, load_profiles
from webapp.researcher.month_choice import month_range


@dataclass(frozen=True, slots=True)
class DayMean:
    """The mean energy of a UTC day over the households of which it is known."""

    watthours: float
    households: int


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """`versions`: of the month and of the contexts; None: research has no such month."""

    versions: tuple[MonthVersion, MonthVersion | None] | None
    profiles: Mapping[tuple[Quantity, bool], Profile] = field(default_factory=dict)
    days: Mapping[Quantity, Mapping[date, DayMean]] = field(default_factory=dict)


def read_month(server: Server, month: date, known: MonthFigures | None) -> MonthFigures:
    """The figures of the month that begins with `month`; `known` where nothing changed. Raises CouchError."""
    version = month_version(server, month_range(month)[0])
    if version is None:
        return MonthFigures(None)
    versions = version, database_version(server, RESEARCH)
    if known is not None and known.versions == versions:
        return known
    types = {meter.meter: meter.meter_type for one in contexts(server) for meter in one.meters}
    return MonthFigures(
        versions, load_profiles(power_cells(server, month), types), _days(server, month, types)
    )


def types_of(context: Context | None) -> dict[str, MeterType]:
    """What each of a household's meters counts."""
    return {} if context is None else {meter.meter: meter.meter_type for meter in context.meters}


def _days(server: Server, month: date, types: Mapping[str, MeterType]) -> dict[Quantity, dict[date, DayMean]]:
    sums: dict[Quantity, dict[date, tuple[float, int]]] = {}
    start, end = month_range(month)
    for household in energy_of_households(day_counters(server, start, end), types):
        for quantity, days in household.items():
            into = sums.setdefault(quantity, {})
            for day, watthours in days.items():
                total, count = into.get(day, (0.0, 0))
                into[day] = (total + watthours, count + 1)
    return {
        quantity: {day: DayMean(total / count, count) for day, (total, count) in sorted(days.items())}
        for quantity, days in sums.items()
    }
