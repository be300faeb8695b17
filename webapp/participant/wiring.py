"""What belongs to what: which device reads which meter, and which photovoltaic systems a meter counts."""

from collections.abc import Iterable
from dataclasses import dataclass

from couch.documents import Device, Meter, PvSystem


@dataclass(frozen=True, slots=True)
class MeterWiring:
    meter: Meter
    pv_systems: tuple[PvSystem, ...]


@dataclass(frozen=True, slots=True)
class DeviceWiring:
    """`device` None: meters that no registered device reads yet."""

    device: Device | None
    meters: tuple[MeterWiring, ...]


@dataclass(frozen=True, slots=True)
class Wiring:
    """`uncounted`: systems without a generation meter of their own."""

    devices: tuple[DeviceWiring, ...]
    uncounted: tuple[PvSystem, ...]


def wiring(devices: Iterable[Device], meters: Iterable[Meter], systems: Iterable[PvSystem]) -> Wiring:
    """A meter names its device, a system its meters; what names something unknown is shown as unconnected."""
    devices, systems = tuple(devices), tuple(systems)
    wired = tuple(
        MeterWiring(meter, tuple(system for system in systems if meter.meter in system.meters))
        for meter in meters
    )
    known = {device.device for device in devices}
    found = [
        DeviceWiring(device, tuple(each for each in wired if each.meter.device == device.device))
        for device in devices
    ]
    loose = tuple(each for each in wired if each.meter.device not in known)
    if loose:
        found.append(DeviceWiring(None, loose))
    counted = {system.pv_system for each in wired for system in each.pv_systems}
    return Wiring(tuple(found), tuple(system for system in systems if system.pv_system not in counted))
