"""Energy by UTC day from the counters' first and last value of each day. Pure.

A day's energy is what the counter rose until the first slot of the next day; where that day is missing, until
the last slot of its own. A counter that fell (a new meter, a reset) gives no energy for that day. The exact
intervals, with marks for all that, are the export's.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from couch.documents.household import MeterType
from couch.research import DayCounter
from webapp.researcher.load_profile import Quantity

_IMPORT, _EXPORT = "0100010800ff", "0100020800ff"
_TARIFFS = {
    "0100010801ff": _IMPORT,
    "0100010802ff": _IMPORT,
    "0100020801ff": _EXPORT,
    "0100020802ff": _EXPORT,
}
_DAY = timedelta(days=1)
Days = dict[date, float]  # watt-hours


def energy_of_days(days: Sequence[DayCounter]) -> Days:
    """Watt-hours by day of one counter, whose days are in order."""
    found: Days = {}
    for one, following in zip(days, [*days[1:], None], strict=True):
        fell = following is not None and following.first_wh < one.last_wh
        if fell:
            continue
        whole = following is not None and following.day - one.day == _DAY
        found[one.day] = (following.first_wh - one.first_wh) if whole and following else one.energy_wh
    return found


def energy_of_meter(counters: Iterable[DayCounter]) -> dict[str, Days]:
    """Watt-hours by day for 1.8.0 and 2.8.0 of one meter; tariffs are added up where there is no total."""
    found: dict[str, Days] = {}
    parts: dict[str, Days] = {}
    for obis, days in groupby(counters, key=lambda counter: counter.obis):
        if obis in (_IMPORT, _EXPORT):
            found[obis] = energy_of_days(list(days))
        elif obis in _TARIFFS:
            into = parts.setdefault(_TARIFFS[obis], {})
            for day, watthours in energy_of_days(list(days)).items():
                into[day] = into.get(day, 0.0) + watthours
    return {**parts, **found}


def by_quantity(counters: dict[str, Days], kind: MeterType) -> dict[Quantity, Days]:
    """What the counters of a meter of this kind mean."""
    drawn, fed = counters.get(_IMPORT, {}), counters.get(_EXPORT, {})
    if kind == "ELECTRICITY":
        return {"drawn": drawn, "fed_in": fed}
    # A generation meter is wired either way round; the other counter is its own standby consumption.
    return {"generated": max(drawn, fed, key=lambda days: sum(days.values()))}


def energy_of_households(
    counters: Iterable[DayCounter], types: Mapping[str, MeterType]
) -> Iterator[dict[Quantity, Days]]:
    """One entry a household: its meters added up. `counters` stand together by household, then meter."""
    for _, own in groupby(counters, key=lambda counter: counter.household):
        total: dict[Quantity, Days] = {}
        for meter, rows in groupby(own, key=lambda counter: counter.meter):
            read = energy_of_meter(rows)
            if meter in types:
                for quantity, days in by_quantity(read, types[meter]).items():
                    into = total.setdefault(quantity, defaultdict(float))
                    for day, watthours in days.items():
                        into[day] += watthours
        yield total
