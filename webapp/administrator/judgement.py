"""What is wrong with a device, judged from what the centre saw of it and what it says of itself. Pure.

Silence is measured by the centre's clock: when the worker took over the newest heartbeat. That a device is
silent explains that nothing arrives from it, so that is not named besides.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from couch.documents import ConsentState, DeviceSummary, HouseholdSummary
from webapp.administrator.thresholds import Thresholds
from webapp.administrator.troubles import Kind, Trouble

_SYNCHRONIZED, _IMPLAUSIBLE = "synchronized", "implausible"  # as edge.clock_state names them
_MB = 1_000_000
STANDARD = Thresholds()


def judge(
    device: DeviceSummary, household: HouseholdSummary, now: datetime, limits: Thresholds = STANDARD
) -> list[Trouble]:
    """The device's troubles at `now`, the worst first; none where all is well or the household was erased."""
    if household.erased:
        return []
    heard = device.sign_of_life
    if heard is None:
        since = device.listed_at
        waited = since is None or now - since > limits.never_reported
        return [Trouble(Kind.NEVER_REPORTED, since)] if waited else []
    troubles = [*_presence(device, household, heard, now, limits), *_condition(device, now, limits)]
    if len(troubles) > 1:
        troubles.sort(key=lambda trouble: trouble.rank)
    return troubles


def clock_ahead(device: DeviceSummary) -> timedelta | None:
    """How far the device's clock was ahead of the centre's when its heartbeat was taken over; None: unknown.

    Below zero it is behind, or the heartbeat was on its way for as long.
    """
    if device.heard_at is None or device.heartbeat_at is None:
        return None
    return device.heartbeat_at - device.heard_at


def clock_differs(device: DeviceSummary, limits: Thresholds) -> timedelta | None:
    """How far the clocks were apart where that is too far; None: they agree, or it is not known."""
    ahead = clock_ahead(device)
    if ahead is None or -limits.clock_behind_s <= ahead.total_seconds() <= limits.clock_ahead_s:
        return None
    return ahead


def is_older(release: str, than: str) -> bool:
    """Whether a release came before another; False for one that is no row of numbers ("source")."""
    one, other = _numbers(release), _numbers(than)
    return one is not None and other is not None and one < other


def _presence(
    device: DeviceSummary, household: HouseholdSummary, heard: datetime, now: datetime, limits: Thresholds
) -> Iterator[Trouble]:
    """Whether it is there, and whether measurements come."""
    silent = now - heard
    if silent > limits.long_silent:
        yield Trouble(Kind.LONG_SILENT, heard)
    elif silent > limits.silent:
        yield Trouble(Kind.SILENT, heard)
    elif household.consent is ConsentState.GRANTED and household.meters:
        granted = household.granted_at
        measured = _later(device.last_measurement, granted)
        arrived = _later(household.last_slot, granted)
        if measured is not None and now - measured > limits.late:
            yield Trouble(Kind.NOT_MEASURING, device.last_measurement or granted)
        elif arrived is not None and now - arrived > limits.late:
            yield Trouble(Kind.NOT_ARRIVING, household.last_slot or granted)


def _condition(device: DeviceSummary, now: datetime, limits: Thresholds) -> Iterator[Trouble]:
    """What it says of itself, and how that looks from here."""
    if device.clock == _IMPLAUSIBLE:
        yield Trouble(Kind.CLOCK_IMPLAUSIBLE, device.last_measurement)
    elif device.clock not in (_SYNCHRONIZED, None):
        yield Trouble(Kind.CLOCK_UNSYNCHRONIZED)
    ahead = clock_differs(device, limits)
    if ahead is not None:
        yield Trouble(Kind.CLOCK_DIFFERS, device.heard_at, ahead.total_seconds())
    ends = device.certificate_ends
    if ends is not None and ends <= now:
        yield Trouble(Kind.CERTIFICATE_ENDED, ends)
    elif ends is not None and ends - now < timedelta(days=limits.certificate_days):
        yield Trouble(Kind.CERTIFICATE_ENDS, ends)
    if device.backlog and device.backlog_since is not None and now - device.backlog_since > limits.backlog:
        yield Trouble(Kind.BACKLOG, device.backlog_since, device.backlog)
    if device.refused:
        yield Trouble(Kind.REFUSED, None, device.refused)
    if device.conflicts:
        yield Trouble(Kind.CONFLICTS, None, device.conflicts)
    if device.disk_free_bytes is not None and device.disk_free_bytes < limits.disk_free_mb * _MB:
        yield Trouble(Kind.DISK_LOW, None, device.disk_free_bytes)
    if device.temperature_c is not None and device.temperature_c > limits.temperature_c:
        yield Trouble(Kind.TOO_HOT, None, device.temperature_c)
    if device.errors:
        yield Trouble(Kind.ERRORS, None, len(device.errors), device.errors[0])
    release = device.versions.get("survey")
    if release and limits.oldest_release and is_older(release, limits.oldest_release):
        yield Trouble(Kind.OLD_RELEASE, None, None, release)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)


@lru_cache(maxsize=256)
def _numbers(release: str) -> tuple[int, ...] | None:
    parts = release.split(".")
    return tuple(map(int, parts)) if all(part.isascii() and part.isdigit() for part in parts) else None
