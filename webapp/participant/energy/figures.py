"""The figures of a period: the household's balance, that of its parts, and how complete each meter is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from couch.client import Database
from webapp.participant.energy.balance import Balance, Setting, balance
from webapp.participant.energy.completeness import (
    Completeness,
    ConsentTimes,
    Due,
    due_slots,
    first_missing,
    read_completeness,
    read_consent_times,
)
from webapp.participant.energy.counting import Counted
from webapp.participant.energy.history import NO_HISTORY, MeterHistory
from webapp.participant.energy.meters import KnownMeter
from webapp.participant.energy.periods import Period
from webapp.participant.energy.registers import Direction


@dataclass(frozen=True, slots=True)
class MeterFigures:
    """One meter in the period. A generation meter has `generated`, an electricity meter the other two."""

    meter: KnownMeter
    drawn: Counted | None
    fed: Counted | None
    generated: Counted | None
    completeness: Completeness


@dataclass(frozen=True, slots=True)
class Part:
    """A day or month of the period. `stored` and `due` count the slots of all meters."""

    period: Period
    balance: Balance
    stored: int
    due: int


@dataclass(frozen=True, slots=True)
class Figures:
    """All that a period's page shows in numbers. `elsewhere`: meters that another device reads."""

    period: Period
    start: datetime
    end: datetime
    balance: Balance
    parts: tuple[Part, ...]
    meters: tuple[MeterFigures, ...]
    elsewhere: tuple[KnownMeter, ...] = ()

    @property
    def known_from(self) -> datetime | None:
        """The first slot that this device holds of any meter, whatever the period."""
        return min((one.meter.first for one in self.meters if one.meter.first is not None), default=None)

    @property
    def stored(self) -> int:
        return sum(one.completeness.stored for one in self.meters)

    @property
    def due(self) -> int:
        return sum(one.completeness.due for one in self.meters)


def figures(
    replica: Database,
    period: Period,
    *,
    zone: tzinfo,
    now: datetime,
    meters: Sequence[KnownMeter],
    histories: Mapping[str, MeterHistory],
) -> Figures:
    """Work a period out from the histories of the meters that are read here."""
    start, end = period.start(zone), period.end(zone)
    consented = read_consent_times(replica)
    here = [
        _Counting(
            one,
            histories.get(one.meter, NO_HISTORY),
            _due(replica, one, consented, start, now),
            start,
            end,
        )
        for one in meters
        if one.here
    ]
    elsewhere = tuple(one for one in meters if one.elsewhere)
    setting = Setting(
        electricity=sum(not one.meter.generates for one in here),
        generation=sum(one.meter.generates for one in here),
        elsewhere=len(elsewhere),
        counts_feeding=any(one.counts_feeding for one in here if not one.meter.generates),
    )
    found = []
    for one in here:
        whole = read_completeness(
            replica, one.meter.meter, one.due, start, end, stored=one.history.amount(start, end).slots
        )
        found.append(MeterFigures(one.meter, *one.all(start, end), whole))
    parts = tuple(_part(part, zone, setting, here) for part in period.parts) if len(period.parts) > 1 else ()
    total = _balance(setting, here, start, end)
    return Figures(period, start, end, total, parts, tuple(found), elsewhere)


@dataclass(frozen=True, slots=True)
class _Counting:
    """A meter and which of its counters mean what, judged by the whole period from `start` to `end`.

    `due`: which of its slots should be stored, whatever the period.
    """

    meter: KnownMeter
    history: MeterHistory
    due: Due | None
    start: datetime
    end: datetime

    @property
    def counts_feeding(self) -> bool:
        return self.history.counts("export") or not self.history.points

    @property
    def generating_way(self) -> Direction:
        """A generation meter counts what is made as fed in; one that has no such counter, as drawn."""
        return generating_way(self.history, self.start, self.end)

    def came_after(self, end: datetime) -> bool:
        """Whether nothing of it is stored or missing before `end`: the others are then all there was."""
        first = self.meter.first
        return first is not None and first >= end and (self.due is None or self.due.start >= end)

    def all(self, start: datetime, end: datetime) -> tuple[Counted | None, Counted | None, Counted | None]:
        """Drawn, fed in, generated."""
        if self.meter.generates:
            return None, None, self.history.energy(self.generating_way, start, end)
        return self.history.energy("import", start, end), self.history.energy("export", start, end), None


def generating_way(history: MeterHistory, start: datetime, end: datetime) -> Direction:
    """In which direction a generation meter counts what is made."""
    if history.points:
        return "export" if history.counts("export") else "import"
    amount = history.amount(start, end)
    return "export" if amount.fed >= amount.drawn else "import"


def _balance(setting: Setting, here: Sequence[_Counting], start: datetime, end: datetime) -> Balance:
    there = [one for one in here if not one.came_after(end)]
    electricity = [(one, one.all(start, end)) for one in there if not one.meter.generates]
    return balance(
        setting,
        drawn=[energies[0] for _, energies in electricity],
        # a second meter, of a heat pump for example, often counts what is drawn alone
        fed=[energies[1] for one, energies in electricity if one.counts_feeding],
        generated=[one.all(start, end)[2] for one in there if one.meter.generates],
    )


def _part(part: Period, zone: tzinfo, setting: Setting, here: Sequence[_Counting]) -> Part:
    start, end = part.start(zone), part.end(zone)
    due = sum(one.due.within(start, end) for one in here if one.due is not None)
    stored = sum(one.history.amount(start, end).slots for one in here)
    return Part(part, _balance(setting, here, start, end), stored, max(due, stored))


def _due(
    replica: Database, meter: KnownMeter, consented: ConsentTimes, start: datetime, now: datetime
) -> Due | None:
    known_from = meter.first
    if known_from is not None and known_from > start:  # else it makes no difference
        known_from = min(known_from, first_missing(replica, meter.meter) or known_from)
    return due_slots(
        granted_at=consented.granted_at,
        revoked_at=consented.revoked_at,
        known_from=known_from,
        last_stored=meter.last,
        now=now,
    )
