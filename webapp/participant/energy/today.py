"""Today's figures, for pages that show them in passing."""

from datetime import datetime, tzinfo

from couch.client import Database
from webapp.participant.consent_record import read_consent
from webapp.participant.energy.figures import Figures, figures
from webapp.participant.energy.long_periods import read_histories
from webapp.participant.energy.meters import read_known_meters
from webapp.participant.energy.periods import Period, period_of


def today(replica: Database, zone: tzinfo, now: datetime, device: str | None = None) -> Figures:
    """The figures of the local day that `now` lies in, so far.

    `.balance` has `drawn`, `fed`, `generated` (each None or with `.wh`, a Decimal), `own_use` (Wh),
    `self_sufficiency` (0 to 1) and `why` (own use is not known); `.stored` of `.due` slots are there;
    `.period.name` is the day in the address of its page. Half a dozen requests, whatever is stored; `device`
    is this one. Raises CouchError.
    """
    return period_figures(replica, period_of("day", now.astimezone(zone).date()), zone, now, device)


def period_figures(
    replica: Database, period: Period, zone: tzinfo, now: datetime, device: str | None = None
) -> Figures:
    """The figures of any period."""
    meters = read_known_meters(replica, device)
    bounds = sorted({period.start(zone), period.end(zone), *(part.start(zone) for part in period.parts)})
    wanted = [one.meter for one in meters if one.measured_in(bounds[0], bounds[-1])]
    return figures(
        replica,
        period,
        zone=zone,
        now=now,
        meters=meters,
        histories=read_histories(replica, wanted, bounds, now) if wanted else {},
        consent=read_consent(replica),
    )
