"""All devices judged at once: what is judged again, and in which order they stand."""

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from couch.clock import Clock
from couch.documents import DeviceSummary, HouseholdSummary
from webapp.administrator import fleet as fleet_module
from webapp.administrator.fleet import FleetWatch, Standing
from webapp.administrator.thresholds import Thresholds
from webapp.administrator.troubles import Kind
from webapp.registry_copy import Snapshot


class Moved(Clock):
    at: datetime

    def now(self) -> datetime:
        return self.at


class Registry:
    def __init__(self, *summaries: HouseholdSummary) -> None:
        self.version = 0
        self.hold(*summaries)

    def hold(self, *summaries: HouseholdSummary) -> None:
        self.version += 1
        self.summaries = {one.household: one for one in summaries}

    def snapshot(self) -> Snapshot:
        return Snapshot(version=self.version, summaries=MappingProxyType(self.summaries))


def device(number: int, now: datetime, silent: timedelta = timedelta(0), **more: Any) -> DeviceSummary:
    return DeviceSummary(
        device=f"5f000000-0000-4000-8000-{number:012x}",
        name="x",
        heartbeat_at=now - silent,
        heard_at=now - silent,
        **more,
    )


@pytest.fixture
def clock(now: datetime) -> Moved:
    moved = Moved()
    object.__setattr__(moved, "at", now)
    return moved


def watch(registry: Registry, clock: Moved) -> FleetWatch:
    return FleetWatch(registry, Thresholds(), clock)  # type: ignore[arg-type]


def test_the_worst_come_first_and_among_equals_the_one_for_longest(
    clock: Moved, now: datetime, sample: Any
) -> None:
    hour = timedelta(hours=1)
    registry = Registry(
        sample.summary(1, devices=(device(1, now, 3 * hour), device(2, now))),
        sample.summary(2, devices=(device(3, now, 30 * hour),)),
        sample.summary(3, devices=(device(4, now, 40 * hour), device(5, now, conflicts=1))),
        sample.summary(4, devices=(device(6, now, 5 * hour),), erased=True),
    )
    found = watch(registry, clock).look()
    assert [int(one.device.device[-2:]) for one in found.troubled] == [4, 3, 1, 5]
    assert [int(one.device.device[-2:]) for one in found.others] == [2, 6]
    assert found.standings == {Standing.TROUBLED: 4, Standing.WELL: 1, Standing.ERASED: 1}
    assert found.kinds == {Kind.LONG_SILENT: 2, Kind.SILENT: 1, Kind.CONFLICTS: 1}
    assert found.by_device[device(4, now).device].household.household == sample.summary(3).household


def test_only_what_changed_is_judged_again_until_a_minute_has_passed(
    clock: Moved, now: datetime, sample: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []
    real = fleet_module.judge

    def noted(device: Any, *rest: Any) -> Any:
        judged.append(device.device[-1])
        return real(device, *rest)

    monkeypatch.setattr(fleet_module, "judge", noted)
    one, two = (sample.summary(number, devices=(device(number, now),)) for number in (1, 2))
    registry = Registry(one, two)
    looking = watch(registry, clock)
    first = looking.look()
    assert looking.look() is first
    registry.hold(one, sample.summary(2, devices=(device(2, now, conflicts=1),)))
    assert looking.look().kinds == {Kind.CONFLICTS: 1}
    assert judged == ["1", "2", "2"]
    object.__setattr__(clock, "at", now + timedelta(hours=3))
    assert looking.look().kinds == {Kind.CONFLICTS: 1, Kind.SILENT: 2}
    assert judged == ["1", "2", "2", "1", "2"]
