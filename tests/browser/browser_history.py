"""Days that a device measured before a test looks at it: telegrams of its simulated meters, as documents."""

from collections.abc import Iterator
from datetime import datetime

from couch.clock import SLOT
from couch.documents import Measurement, Reading, TimeProvenance
from edge.simulation.household import Household, HouseholdKind
from edge.simulation.mt175 import SimulatedMeter
from edge.sml_stream import SmlReader

KIND = HouseholdKind(seed=11, pv_kw=8, battery_kwh=10)  # ADA's meters have these addresses


def measurements(
    device: str, meters: tuple[str, ...], *, begin: datetime, end: datetime, gap: tuple[datetime, datetime]
) -> Iterator[Measurement]:
    """What the meters at grid and roof said in each slot from `begin` until before `end`, but for `gap`."""
    simulated = [SimulatedMeter(Household(KIND), place, seed=KIND.seed) for place in ("grid", "pv")]
    slot = begin
    while slot < end:
        if not gap[0] <= slot < gap[1]:
            for meter, head in zip(meters, simulated, strict=True):
                yield Measurement(
                    meter=meter,
                    measured_at=slot,
                    slot=slot,
                    device=device,
                    data=_readings(head.telegram(int(slot.timestamp()))),
                    time=TimeProvenance(source="synchronized"),
                )
        slot += SLOT


def _readings(telegram: bytes) -> tuple[Reading, ...]:
    (found,) = SmlReader().feed(telegram)
    return tuple(
        Reading(obis=entry.obis, value=entry.value, scaler=entry.scaler, unit=entry.unit)
        for entry in found.entries
        if isinstance(entry.value, int) and entry.unit in {"W", "Wh"}
    )
