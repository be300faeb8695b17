"""What a household's page shows besides its standing: reports, parked documents, days, energy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from couch.client import Server
from couch.documents import Context, ContextMeter, HouseholdSummary, Parked
from couch.errors import NotFound
from couch.names import RESEARCH
from couch.research import DayCounter, day_counters
from couch.research_figures import slots_of_households
from webapp.registry_copy import Snapshot
from webapp.researcher.completeness import due
from webapp.researcher.day_energy import Days, by_quantity, energy_of_meter
from webapp.researcher.heat_map import HeatCell, heat_cell
from webapp.researcher.load_profile import Quantity
from webapp.researcher.reports import ReportView, reports_of_household

HEAT_DAYS, ENERGY_DAYS = 28, 7
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayShare:
    """Stored and due slots of a UTC day, all meters together."""

    day: date
    stored: int
    due: int

    @property
    def cell(self) -> HeatCell:
        return heat_cell(min(self.stored / self.due, 1.0) if self.due else None)


@dataclass(frozen=True, slots=True)
class MeterEnergy:
    """The energy of a meter in the last days, by what it counts."""

    meter: ContextMeter
    energy: Mapping[Quantity, Days]


@dataclass(frozen=True, slots=True)
class HouseholdView:
    parked: tuple[Parked, ...]
    reports: tuple[ReportView, ...]
    context: Context | None
    days: tuple[DayShare, ...]
    energy_days: tuple[date, ...]
    energy: tuple[MeterEnergy, ...]


def household_view(
    server: Server, copy: Snapshot, household: HouseholdSummary, now: datetime
) -> HouseholdView:
    """What is shown, read but for what the copy of the registry knows. Raises CouchError."""
    context = _context(server, household.pseudonym)
    today = now.astimezone(UTC).date()
    days = tuple(today - number * _DAY for number in range(HEAT_DAYS, 0, -1))
    return HouseholdView(
        tuple(one for one in copy.parked.values() if one.household == household.household),
        reports_of_household(server, household.household),
        context,
        day_shares(household, _stored(server, household.pseudonym, days), days),
        days[-ENERGY_DAYS:],
        _energy(server, context, days[-ENERGY_DAYS:]),
    )


def day_shares(
    household: HouseholdSummary, stored: Mapping[date, int], days: tuple[date, ...]
) -> tuple[DayShare, ...]:
    """Each day's share."""
    found = []
    for day in days:
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        found.append(DayShare(day, stored.get(day, 0), due(household, start, start + _DAY)))
    return tuple(found)


def _context(server: Server, pseudonym: str) -> Context | None:
    try:
        doc = server.database(RESEARCH).find(f"context:{pseudonym}")
    except NotFound:
        return None
    return None if doc is None else Context.from_json(doc)


def _stored(server: Server, pseudonym: str, days: tuple[date, ...]) -> dict[date, int]:
    stored: dict[date, int] = {}
    for month in sorted({day.replace(day=1) for day in days}):
        stored |= slots_of_households(server, month, [pseudonym])[pseudonym]
    return stored


def _energy(server: Server, context: Context | None, days: tuple[date, ...]) -> tuple[MeterEnergy, ...]:
    if context is None or not context.meters:
        return ()
    start = datetime(days[0].year, days[0].month, days[0].day, tzinfo=UTC)
    end = start + (len(days) + 1) * _DAY  # the day after, in which the last one's counter goes on
    rows: dict[str, list[DayCounter]] = {}
    for row in day_counters(server, start, end, household=context.household):
        rows.setdefault(row.meter, []).append(row)
    for own in rows.values():
        own.sort(key=lambda row: (row.obis, row.day))  # a span of two months comes month by month
    return tuple(
        MeterEnergy(meter, by_quantity(energy_of_meter(rows.get(meter.meter, [])), meter.meter_type))
        for meter in context.meters
    )
