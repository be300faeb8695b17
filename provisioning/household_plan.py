"""From the file and its ids to the documents of the household's database: pure."""

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
from provisioning.household_file import HouseholdFile, MeterEntry
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


def meters_of(file: HouseholdFile, ids: HouseholdIds, device: str) -> list[tuple[str, MeterEntry]]:
    """(uuid, entry) of the meters that the device named `device` reads through a head that the file names."""
    return [
        (ids.meters[entry.name], entry)
        for entry in file.meters
        if entry.device == device and entry.head is not None
    ]
