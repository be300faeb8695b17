"""A broken device's place is taken by another: its meters and their history stay, its certificates end.

Each step can be repeated: the new device's uuid is remembered first. The measurements keep naming the device
that made them; only the meters' `device` moves.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from couch.bundle import BundleMeter
from couch.client import Database
from couch.documents import Device, Json, Meter
from couch.errors import Conflict, Fault
from couch.names import household_database
from provisioning.device_bundle import DeviceEntry
from provisioning.device_revocation import household_of, revoke_device
from provisioning.enrolment_households import standing_of
from provisioning.enrolment_store import Replacement
from provisioning.household_creation import AfterStep, CreatedDevice, hand_out, nothing_more
from provisioning.onboarding import Onboarding


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    household: str
    old: str
    new: CreatedDevice
    meters: tuple[str, ...]
    revoked: tuple[str, ...]  # serials that this run revoked


def replace_device(
    onboarding: Onboarding,
    old: str,
    *,
    now: datetime,
    heads: Mapping[str, BundleMeter],
    local_url: str,
    after_step: AfterStep = nothing_more,
    new_uuid: Callable[[], str] = lambda: str(uuid.uuid4()),
) -> Replaced:
    """Put another device in the place of `old`.

    `heads`: where meters are plugged in, by uuid; the others are given where the device is installed.
    Raises Fault: no such device, an erased household, a head for a meter of another device; CouchError.
    """
    memory = onboarding.memory
    household = household_of(memory, old)
    database = onboarding.worker.database(household_database(household))
    stands = database.find(f"device:{old}")
    if stands is None or standing_of(database).erased:
        raise Fault(f"the household {household} has no device {old} any more: there is nothing to replace.")
    device = Device.from_json(stands)
    known = memory.store.replacements().get(old)
    _check_heads(heads, set(_moving(device, database, known)))
    place = memory.store.replace(Replacement(old=old, new=new_uuid(), household=household, at=now))
    after_step("replacement recorded")
    revoked = revoke_device(memory, old, "cessation_of_operation", now)
    after_step("old device revoked")
    meters = _moving(device, database, place)
    _put_new(database, Device(device=place.new, name=device.name, meters=meters))
    after_step("new device")
    for meter in meters:
        database.replace(f"meter:{meter}", lambda stored: _moved(stored, place))
        after_step(f"meter {meter}")
    database.replace(f"device:{old}", _without_meters)  # last: until then it says what is to be moved
    after_step("old device without meters")
    entry = DeviceEntry(
        household=household,
        device=place.new,
        name=device.name,
        local_url=local_url,
        meters=tuple(heads.get(meter, BundleMeter(meter=meter)) for meter in meters),
    )
    new = hand_out(onboarding.bundles, entry, after_step)
    return Replaced(household=household, old=old, new=new, meters=meters, revoked=revoked)


def _moving(old: Device, database: Database, place: Replacement | None) -> tuple[str, ...]:
    """The meters that the old device read; in a repeated run, those that have moved already too."""
    stands = None if place is None else database.find(f"device:{place.new}")
    moved = () if stands is None else Device.from_json(stands).meters
    return tuple(dict.fromkeys((*old.meters, *moved)))


def _put_new(database: Database, device: Device) -> None:
    try:
        database.put_once(device.to_json())
    except Conflict:
        return  # an earlier run wrote it, and its certificate's serial was noted since


def _moved(stored: Json | None, place: Replacement) -> Json | None:
    if stored is None:
        return None
    meter = Meter.from_json(stored)
    if meter.device != place.old:
        return None  # it has moved, or a researcher gave it to another device meanwhile
    return msgspec.structs.replace(meter, device=place.new).to_json()


def _without_meters(stored: Json | None) -> Json | None:
    if stored is None:
        return None
    device = Device.from_json(stored)
    return msgspec.structs.replace(device, meters=()).to_json() if device.meters else None


def _check_heads(heads: Mapping[str, BundleMeter], meters: set[str]) -> None:
    foreign = sorted(set(heads) - meters)
    if foreign:
        known = ", ".join(sorted(meters)) or "none"
        raise Fault(f"the device reads no meter {', '.join(foreign)}. It reads: {known}.")
