"""The registry as researchers and administrators read it, and what its times mean for a household."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from couch.client import Database
from couch.documents import ConsentState, HouseholdSummary, Parked
from couch.errors import BadDocument

PAGE = 50
_DESIGN, _BY_CONSENT = "registry", "households_by_consent"
_LATE = timedelta(hours=2)  # the thesis wants reports hourly; one may be missed


@dataclass(frozen=True, slots=True)
class Standing:
    """How far behind a household is. None: there never was one."""

    household: HouseholdSummary
    lag: timedelta | None  # since the newest slot that the centre holds
    heard_at: datetime | None  # the newest sign of life of any of its devices
    backlog: int  # documents that its devices know the centre lacks
    refused: int

    @property
    def late(self) -> bool:
        """Whether measurements should have come and did not."""
        return self.household.consent is ConsentState.GRANTED and (self.lag is None or self.lag > _LATE)


@dataclass(frozen=True, slots=True)
class HouseholdPage:
    """Some households, in order; `following`: the household that begins the next page.

    It is a uuid and not a name, so that no address and no log holds a person's name.
    """

    standings: tuple[Standing, ...]
    unreadable: tuple[str, ...]  # ids of summaries that break their model
    following: str | None


def standing(household: HouseholdSummary, now: datetime) -> Standing:
    """Pure: the lag of a household at `now`."""
    heard = [device.heartbeat_at for device in household.devices if device.heartbeat_at is not None]
    return Standing(
        household,
        None if household.last_slot is None else now - household.last_slot,
        max(heard, default=None),
        sum(device.backlog or 0 for device in household.devices),
        sum(device.refused for device in household.devices),
    )


def count_by_consent(registry: Database) -> dict[ConsentState, int]:
    """How many households are in each state."""
    counts = dict.fromkeys(ConsentState, 0)
    for row in registry.view(_DESIGN, _BY_CONSENT, group_level=1):
        counts[ConsentState(row.key[0])] = row.value
    return counts


def read_page(registry: Database, now: datetime, *, start: HouseholdSummary | None = None) -> HouseholdPage:
    """A page of households by consent, then name, from `start` on; None: the first."""
    place = {} if start is None else {"start_key": [start.consent, start.name], "start_key_doc_id": start.id}
    rows = list(registry.view(_DESIGN, _BY_CONSENT, reduce=False, include_docs=True, limit=PAGE + 1, **place))
    standings, unreadable = [], []
    for row in islice(rows, PAGE):
        try:
            standings.append(standing(HouseholdSummary.from_json(row.doc or {}), now))
        except BadDocument:
            unreadable.append(str(row.id))
    following = str(rows[PAGE].id).removeprefix("household:") if len(rows) > PAGE else None
    return HouseholdPage(tuple(standings), tuple(unreadable), following)


def read_household(registry: Database, household: str) -> HouseholdSummary | None:
    """The summary of one household, None where there is none. Raises BadDocument."""
    doc = registry.find(f"household:{household}")
    return None if doc is None else HouseholdSummary.from_json(doc)


def read_parked(registry: Database, household: str) -> Iterator[Parked]:
    """Documents of the household that the worker could not take on."""
    prefix = f"parked:{household}:"
    for doc in registry.documents(start=prefix, end=f"{prefix}\ufff0"):
        yield Parked.from_json(doc)
