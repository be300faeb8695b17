"""What the times and counts of the registry mean for a household: pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from couch.documents import ConsentState, HouseholdSummary
from webapp.researcher.completeness import RecentSlots, share

_LATE = timedelta(hours=2)  # the thesis wants reports hourly; one may be missed


@dataclass(frozen=True, slots=True)
class Standing:
    """How far behind a household is. None: there never was one."""

    household: HouseholdSummary
    lag: timedelta | None  # since the newest slot that the centre holds
    heard_at: datetime | None  # the newest sign of life of any of its devices
    backlog: int  # documents that its devices know the centre lacks
    refused: int
    late: bool  # measurements should have come and did not
    complete: float | None = None  # share of the slots of the last days; None: none was due, or not known


def is_late(household: HouseholdSummary, now: datetime) -> bool:
    """Whether measurements should have come and did not."""
    if household.consent is not ConsentState.GRANTED:
        return False
    return household.last_slot is None or now - household.last_slot > _LATE


def standing(household: HouseholdSummary, now: datetime, recent: RecentSlots | None = None) -> Standing:
    """The lag of a household at `now`, and its completeness where that is known."""
    heard = [device.sign_of_life for device in household.devices if device.sign_of_life is not None]
    return Standing(
        household,
        None if household.last_slot is None else now - household.last_slot,
        max(heard, default=None),
        sum(device.backlog or 0 for device in household.devices),
        sum(device.refused for device in household.devices),
        is_late(household, now),
        share(household, recent),
    )
