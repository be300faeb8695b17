"""From the file and its ids to the documents of the household's database: pure."""

from couch.bundle import BundleMeter
from couch.documents import (
    Address,
    Contact,
    Device,
    Document,
    Location,
    Metadata,
    Meter,
    PvSystem,
    Registration,
)
from provisioning.device_bundle import DeviceEntry
from provisioning.household_file import HouseholdFile, PartsFile
from provisioning.household_ids import HouseholdIds


def household_documents(file: HouseholdFile, ids: HouseholdIds) -> tuple[Document, ...]:
    """Every document that the centre writes of a new household."""
    location = file.location
    return (
        Registration(
            contact=Contact(name=file.contact.name, email=file.contact.email),
            address=Address(
                street=file.address.street,
                house_number=file.address.house_number,
                postal_code=file.address.postal_code,
                city=file.address.city,
            ),
            metadata=Metadata(
                children=file.metadata.children,
                adults=file.metadata.adults,
                adults_with_job=file.metadata.adults_with_job,
                ev_charger=file.metadata.ev_charger,
                heat_pump=file.metadata.heat_pump,
                home_battery=file.metadata.home_battery,
            ),
        ),
        *(
            ()
            if location is None
            else (Location(latitude=location.latitude, longitude=location.longitude, source=location.source),)
        ),
        *part_documents(file, ids),
    )


def part_documents(file: PartsFile, ids: HouseholdIds) -> tuple[Document, ...]:
    """The documents of meters, systems and devices."""
    return (
        *(
            Meter(
                meter=ids.meters[entry.name],
                meter_type=entry.meter_type,
                model=entry.model,
                device=None if entry.device is None else ids.devices[entry.device],
            )
            for entry in file.meters
        ),
        *(
            PvSystem(
                pv_system=ids.pv_systems[entry.name],
                nominal_power_kw=entry.nominal_power_kw,
                azimuth_deg=entry.azimuth_deg,
                tilt_deg=entry.tilt_deg,
                installed_on=entry.installed_on,
                meters=tuple(ids.meters[name] for name in entry.meters),
            )
            for entry in file.pv_systems
        ),
        *(
            Device(
                device=ids.devices[entry.name],
                name=entry.name,
                meters=tuple(ids.meters[meter.name] for meter in file.meters if meter.device == entry.name),
            )
            for entry in file.devices
        ),
    )


def device_entries(file: PartsFile, ids: HouseholdIds) -> list[DeviceEntry]:
    """What the bundles of the file's devices say. A meter without a head gets it where it is installed."""
    return [
        DeviceEntry(
            household=ids.household,
            device=ids.devices[entry.name],
            name=entry.name,
            local_url=entry.local_url,
            meters=tuple(
                BundleMeter(
                    meter=ids.meters[meter.name], name=meter.name, head=meter.head, protocol=meter.protocol
                )
                for meter in file.meters
                if meter.device == entry.name
            ),
        )
        for entry in file.devices
    ]
