"""From entries to the table of a new household, as provisioning's files have it. Pure.

Every uuid follows from the draft's: the same draft sent twice, or again after a crash, is the same household.
"""

import uuid
from collections.abc import Mapping

from couch.bundle import usual_protocol
from couch.documents import Json
from webapp.registration.entries import Entries, MeterEntry

_TYPE_WORDS: Mapping[str, str] = {"ELECTRICITY": "electricity", "PV_GENERATION": "generation"}


def part_id(draft: str, kind: str, key: str) -> str:
    """The uuid of a part of what `draft` (a uuid) describes; a stored part's key is its uuid."""
    return key if "-" in key else str(uuid.uuid5(uuid.UUID(draft), f"{kind}/{key}"))


def household_id(draft: str) -> str:
    """The uuid of the household that `draft` describes."""
    return str(uuid.uuid5(uuid.UUID(draft), "household"))


def household_table(entries: Entries, draft: str) -> Json:
    """See provisioning.household_file.HouseholdFile."""
    device_names = {device.key: device.name for device in entries.devices}
    meter_names = {meter.key: _meter_name(place, meter) for place, meter in enumerate(entries.meters, 1)}
    position = entries.position
    return {
        "household": household_id(draft),
        "contact": {"name": entries.contact.name, "email": entries.contact.email},
        "address": {
            "street": entries.address.street,
            "house_number": entries.address.house_number,
            "postal_code": entries.address.postal_code,
            "city": entries.address.city,
        },
        "metadata": {
            "children": entries.metadata.children,
            "adults": entries.metadata.adults,
            "adults_with_job": entries.metadata.adults_with_job,
            "ev_charger": entries.metadata.ev_charger,
            "heat_pump": entries.metadata.heat_pump,
            "home_battery": entries.metadata.home_battery,
        },
        **(
            {}
            if position is None
            else {
                "location": {
                    "latitude": position.latitude,
                    "longitude": position.longitude,
                    "source": position.source,
                }
            }
        ),
        "devices": [
            {"name": device.name, "device": part_id(draft, "devices", device.key)}
            for device in entries.devices
        ],
        "meters": [
            {
                "name": meter_names[meter.key],
                "meter": part_id(draft, "meters", meter.key),
                "meter_type": meter.meter_type,
                "model": meter.model,
                "protocol": meter.protocol or usual_protocol(meter.model),
                **({} if meter.device is None else {"device": device_names[meter.device]}),
            }
            for meter in entries.meters
        ],
        "pv_systems": [
            {
                "name": f"system {place}",
                "pv_system": part_id(draft, "systems", system.key),
                "nominal_power_kw": system.nominal_power_kw,
                "azimuth_deg": system.azimuth_deg,
                "tilt_deg": system.tilt_deg,
                "installed_on": system.installed_on.isoformat(),
                "meters": [meter_names[key] for key in system.meters],
            }
            for place, system in enumerate(entries.systems, 1)
        ],
    }


def _meter_name(place: int, meter: MeterEntry) -> str:
    """What whoever installs the device reads in its bundle."""
    return f"{place} {_TYPE_WORDS[meter.meter_type]} {meter.model}"
