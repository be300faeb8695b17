"""The registry's summary of a household: a pure function of what stood there and what is new."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from anonymizer.household_facts import HouseholdFacts
from couch.documents import ConsentState, DeviceSummary, Heartbeat, HouseholdSummary, utc


def summarize(
    before: HouseholdSummary, facts: HouseholdFacts, consent: ConsentState, now: datetime
) -> HouseholdSummary:
    """`before` with everything that `facts` and the state of consent say."""
    registration = facts.registration
    known = {device.device: device for device in before.devices}
    devices = tuple(
        msgspec.structs.replace(
            known.get(device.device)
            or DeviceSummary(device=device.device, name=device.name, listed_at=utc(now)),
            name=device.name,
        )
        for device in facts.devices
    )
    summary = msgspec.structs.replace(
        before,
        name=registration.contact.name if registration else None,
        email=registration.contact.email if registration else None,
        city=registration.address.city if registration else None,
        consent=consent,
        granted_at=facts.granted.at if facts.granted else None,
        revoked_at=facts.revoked.at if facts.revoked else None,
        meters=len(facts.meters),
        devices=devices,
    )
    return heard_from(summary, facts.heartbeats, now)


def heard_from(before: HouseholdSummary, heartbeats: Iterable[Heartbeat], now: datetime) -> HouseholdSummary:
    """`before` with the newest heartbeat of each device that is registered there; `now`: of the centre."""
    newest: dict[str, Heartbeat] = {}
    for heartbeat in heartbeats:
        newest[heartbeat.device] = heartbeat
    devices = tuple(
        device if device.device not in newest else _with_heartbeat(device, newest[device.device], now)
        for device in before.devices
    )
    return msgspec.structs.replace(before, devices=devices)


def measured(before: HouseholdSummary, slot: datetime | None) -> HouseholdSummary:
    """`before` with `slot` as its newest one, if it is newer; None changes nothing."""
    if slot is None or (before.last_slot is not None and before.last_slot >= slot):
        return before
    return msgspec.structs.replace(before, last_slot=slot)


def erased(before: HouseholdSummary) -> HouseholdSummary:
    """What may stay of `before` once its household is erased: ids and times, built from an allow-list."""
    return HouseholdSummary(
        rev=before.rev,
        household=before.household,
        pseudonym=before.pseudonym,
        consent=before.consent,
        granted_at=before.granted_at,
        revoked_at=before.revoked_at,
        last_slot=before.last_slot,
        devices=tuple(DeviceSummary(device=device.device, name="") for device in before.devices),
        erased=True,
    )


def _with_heartbeat(device: DeviceSummary, heartbeat: Heartbeat, now: datetime) -> DeviceSummary:
    """Read again, as the worker may, it is no new sign of life: when it was heard stays as it was."""
    known = device.heartbeat_at == heartbeat.at
    return msgspec.structs.replace(
        device,
        heard_at=device.heard_at if known else utc(now),
        backlog_since=device.backlog_since if known else _backlog_since(device, heartbeat, now),
        heartbeat_at=heartbeat.at,
        last_measurement=heartbeat.last_measurement,
        last_pull=heartbeat.last_pull,
        last_push=heartbeat.last_push,
        backlog=heartbeat.backlog,
        refused=heartbeat.refused,
        conflicts=heartbeat.conflicts,
        clock=heartbeat.clock,
        certificate_ends=heartbeat.certificate_ends,
        disk_free_bytes=heartbeat.disk_free_bytes,
        temperature_c=heartbeat.temperature_c,
        versions=heartbeat.versions,
        errors=heartbeat.errors,
    )


def _backlog_since(device: DeviceSummary, heartbeat: Heartbeat, now: datetime) -> datetime | None:
    """Since when the backlog has not shrunk; None where nothing waits, or nobody has counted yet."""
    if not heartbeat.backlog:
        return None
    if device.backlog_since is not None and heartbeat.backlog >= (device.backlog or 0):
        return device.backlog_since
    return utc(now)
