"""Today's figures, for pages that show them in passing."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from couch.client import Database
from webapp.participant.energy.figures import Figures, figures
from webapp.participant.energy.long_periods import read_histories
from webapp.participant.energy.meters import KnownMeter, read_known_meters
from webapp.participant.energy.periods import Period, period_of


def today(
    replica: Database,
    zone: tzinfo,
    now: datetime,
    device: str | None = None,
    meters: Sequence[KnownMeter] | None = None,
) -> Figures:
    """The figures of the local day that `now` lies in, so far.

    `.balance` has `drawn`, `fed`, `generated` (each None or with `.wh`, a Decimal), `own_use` (Wh),
    `self_sufficiency` (0 to 1) and `why` (own use is not known); `.stored` of `.due` slots are there;
    `.period.name` is the day in the address of its page. Half a dozen requests, whatever is stored; `device`
    is this one; `meters` spares reading them where they are known. Raises CouchError.
    """
    day = period_of("day", now.astimezone(zone).date())
    return period_figures(replica, day, zone, now, device=device, meters=meters)


def period_figures(
    replica: Database,
    period: Period,
    zone: tzinfo,
    now: datetime,
    *,
    device: str | None = None,
    meters: Sequence[KnownMeter] | None = None,
) -> Figures:
    """The figures of any period; `meters`, where they have been read."""
    meters = read_known_meters(replica, device) if meters is None else meters
    bounds = sorted({period.start(zone), period.end(zone), *(part.start(zone) for part in period.parts)})
    wanted = [one.meter for one in meters if one.measured_in(bounds[0], bounds[-1])]
    return figures(
        replica,
        period,
        zone=zone,
        now=now,
        meters=meters,
        histories=read_histories(replica, wanted, bounds, now) if wanted else {},
    )
