"""All devices judged at once, and kept judged: a page over 10,000 of them has no time to judge each.

A household is judged again when its summary changed, all of them when a minute has passed.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from couch.clock import Clock
from couch.documents import DeviceSummary, HouseholdSummary
from webapp.administrator.judgement import judge
from webapp.administrator.thresholds import Thresholds
from webapp.administrator.troubles import Kind, Trouble, Urgency
from webapp.registry_copy import RegistryCopy, Snapshot

_GOOD_FOR = timedelta(minutes=1)  # of survey time; a judgement looks at hours


class Standing(StrEnum):
    """Where a device stands. The names stand in addresses and metrics."""

    TROUBLED = "troubled"
    AWAITED = "awaited"  # registered a short while ago, has not reported yet
    WELL = "well"
    ERASED = "erased"  # its household was erased: nothing is expected of it any more


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """A device, its household, and what is wrong with it, the worst first."""

    device: DeviceSummary
    household: HouseholdSummary
    standing: Standing
    troubles: tuple[Trouble, ...] = ()

    @property
    def urgency(self) -> Urgency | None:
        """Of its worst trouble; None: it has none."""
        return self.troubles[0].urgency if self.troubles else None


@dataclass(frozen=True)
class Fleet:
    """Every device as it stood at `at`, in the order of households; `version`: of the registry's state that
    it was judged from.
    """

    version: int
    at: datetime
    households: Mapping[str, tuple[DeviceHealth, ...]]

    def __iter__(self) -> Iterator[DeviceHealth]:
        return (health for devices in self.households.values() for health in devices)

    @cached_property
    def by_device(self) -> dict[str, DeviceHealth]:
        return {health.device.device: health for health in self}

    @cached_property
    def standings(self) -> Counter[Standing]:
        return Counter(health.standing for health in self)

    @cached_property
    def kinds(self) -> Counter[Kind]:
        """Of how many devices each trouble is one."""
        return Counter(trouble.kind for health in self.troubled for trouble in health.troubles)

    @cached_property
    def troubled(self) -> tuple[DeviceHealth, ...]:
        """Those not well, the worst first; among equals the one that has been so for longest."""
        return tuple(
            sorted((health for health in self if health.standing is Standing.TROUBLED), key=_worst_first)
        )

    @cached_property
    def others(self) -> tuple[DeviceHealth, ...]:
        """Those without a trouble: awaited, well, erased."""
        return tuple(
            health
            for standing in Standing
            if standing is not Standing.TROUBLED
            for health in self
            if health.standing is standing
        )


class FleetWatch:
    """Keeps the newest judgement; several threads may ask. `clock`: survey time, as documents have it."""

    def __init__(self, registry: RegistryCopy, limits: Thresholds, clock: Clock) -> None:
        self._registry, self.limits, self._clock = registry, limits, clock
        self._lock = threading.Lock()
        self._fleet: Fleet | None = None

    def look(self) -> Fleet:
        """All devices as they stand now. Raises CouchError."""
        snapshot, now = self._registry.snapshot(), self._clock.now()
        known = self._fleet
        if known is not None and known.version == snapshot.version and now - known.at < _GOOD_FOR:
            return known
        if known is None:
            self._lock.acquire()
        elif not self._lock.acquire(blocking=False):
            return known  # another thread is at it, and some seconds do not matter
        try:
            self._fleet = self._judged(snapshot, now)
            return self._fleet
        finally:
            self._lock.release()

    def _judged(self, snapshot: Snapshot, now: datetime) -> Fleet:
        known = self._fleet
        fresh = known is not None and timedelta(0) <= now - known.at < _GOOD_FOR
        if known is not None and fresh and known.version == snapshot.version:
            return known  # another thread did it while this one waited
        before = known.households if known is not None and fresh else {}
        return Fleet(
            version=snapshot.version,
            at=known.at if known is not None and fresh else now,
            households={
                household: self._again(before.get(household), snapshot.summaries[household], now)
                for household in sorted(snapshot.summaries)
            },
        )

    def _again(
        self, before: tuple[DeviceHealth, ...] | None, summary: HouseholdSummary, now: datetime
    ) -> tuple[DeviceHealth, ...]:
        if before and before[0].household is summary:
            return before
        return tuple(health_of(device, summary, now, self.limits) for device in summary.devices)


def health_of(
    device: DeviceSummary, household: HouseholdSummary, now: datetime, limits: Thresholds
) -> DeviceHealth:
    """Pure: one device judged."""
    troubles = tuple(judge(device, household, now, limits))
    return DeviceHealth(device, household, _standing(device, household, troubles), troubles)


def _standing(device: DeviceSummary, household: HouseholdSummary, troubles: tuple[Trouble, ...]) -> Standing:
    if household.erased:
        return Standing.ERASED
    if troubles:
        return Standing.TROUBLED
    return Standing.AWAITED if device.sign_of_life is None else Standing.WELL


def _worst_first(health: DeviceHealth) -> tuple[tuple[int, int], float, str]:
    worst = health.troubles[0]
    since = worst.since.timestamp() if worst.since is not None else 0.0
    return worst.rank, since, health.device.device
