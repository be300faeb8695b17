"""What each meter told last: its power now and its counters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from couch.client import Database
from couch.documents import Measurement, Reading
from webapp.participant.energy.documents import at_slots
from webapp.participant.energy.meters import KnownMeter
from webapp.participant.energy.power_curve import signed_power
from webapp.participant.energy.registers import counters, direction, power

_FRESH = timedelta(minutes=35)  # two slots and what measuring takes


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest measurement of a meter; None where it cannot be read."""

    meter: KnownMeter
    measurement: Measurement | None

    @property
    def watts(self) -> Decimal | None:
        """As the meter sent it: negative when it flows out."""
        return None if self.measurement is None else power(self.measurement.data)

    @property
    def signed(self) -> bool:
        """Whether the sign of the power means something."""
        return self.measurement is not None and signed_power(self.measurement.data) is not None

    @property
    def generating(self) -> bool:
        """Of a generation meter: what is made flows out where it counts that so, else in."""
        if self.watts is None or self.measurement is None:
            return False
        codes = counters(self.measurement.data)
        outwards = not codes or any(direction(code) == "export" for code in codes)
        return self.watts < 0 if outwards else self.watts > 0

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Counters first."""
        if self.measurement is None:
            return ()
        first = counters(self.measurement.data)
        return tuple(sorted(self.measurement.data, key=lambda one: (one.obis not in first, one.obis)))

    def old(self, now: datetime) -> bool:
        """Whether newer ones should be there by now."""
        return self.measurement is not None and now - self.measurement.measured_at > _FRESH


def read_latest(replica: Database, meters: Iterable[KnownMeter]) -> tuple[Latest, ...]:
    """For each meter that was measured here."""
    here = [one for one in meters if one.last is not None]
    found = {
        one.meter: one for one in at_slots(replica, ((m.meter, m.last) for m in here if m.last is not None))
    }
    return tuple(Latest(one, found.get(one.meter)) for one in here)
