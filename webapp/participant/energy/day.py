"""A day's page: all its slots are read, for the curve of power."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from couch.client import Database
from couch.documents import Measurement
from webapp.participant.energy.documents import from_slot_to
from webapp.participant.energy.figures import Figures, figures, generating_way
from webapp.participant.energy.history import MeterHistory, of_documents
from webapp.participant.energy.meters import KnownMeter, read_known_meters
from webapp.participant.energy.periods import Period, slots_between
from webapp.participant.energy.power_curve import Curve, power_curve


@dataclass(frozen=True, slots=True)
class Day:
    """`curves`: of each meter that tells its power, over `slots`."""

    figures: Figures
    slots: tuple[datetime, ...]
    curves: tuple[tuple[KnownMeter, Curve], ...]


def read_day(
    replica: Database, period: Period, zone: tzinfo, now: datetime, device: str | None = None
) -> Day:
    """The figures and curves of a local day."""
    start, end = period.start(zone), period.end(zone)
    meters = read_known_meters(replica, device)
    # The slot at which the next day begins holds the counters at which this one ends.
    stored = {
        one.meter: list(from_slot_to(replica, one.meter, start, end))
        for one in meters
        if one.measured_in(start, end)
    }
    histories = {meter: of_documents(these) for meter, these in stored.items()}
    found = figures(
        replica,
        period,
        zone=zone,
        now=now,
        meters=meters,
        histories=histories,
    )
    slots = slots_between(start, end)
    curves = [
        (one, _curve(one, stored[one.meter], histories[one.meter], slots))
        for one in meters
        if one.meter in stored
    ]
    return Day(found, slots, tuple((one, curve) for one, curve in curves if not curve.empty))


def _curve(
    meter: KnownMeter, stored: Sequence[Measurement], history: MeterHistory, slots: Sequence[datetime]
) -> Curve:
    way = generating_way(history, slots[0], slots[-1]) if meter.generates else None
    return power_curve(stored, slots, way)
