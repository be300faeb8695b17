"""A household's entities, read from its own database alone."""

from collections.abc import Iterable, Iterator
from itertools import islice

from couch import documents as stored
from couch.client import Database
from couch.errors import BadDocument
from webapp.api import resources
from webapp.participant.consent_record import ConsentRecord, read_consent

_LAST = "\ufff0"  # after every character that ids hold


def read_account(household: Database) -> resources.Account | None:
    """The participant; None where nobody stands behind the household (any more). Raises BadDocument."""
    found = household.find("registration")
    if found is None:
        return None
    contact = stored.Registration.from_json(found).contact
    return resources.Account(name=contact.name, email=contact.email)


def read_household(household: Database, uuid: str) -> resources.Household:
    """The household `uuid`, whose database this is. Raises BadDocument."""
    found = {doc["_id"]: doc for doc in household.documents(keys=["registration", "location"])}
    registration = stored.Registration.from_json(found["registration"]) if "registration" in found else None
    location = stored.Location.from_json(found["location"]) if "location" in found else None
    return resources.Household(
        household=uuid,
        metadata=None if registration is None else metadata_of(registration.metadata),
        address=None if registration is None else address_of(registration.address),
        location=None
        if location is None
        else resources.Location(
            latitude=location.latitude, longitude=location.longitude, source=location.source
        ),
        consent=consent_of(read_consent(household)),
    )


def metadata_of(metadata: stored.Metadata) -> resources.Metadata:
    return resources.Metadata(
        children=metadata.children,
        adults=metadata.adults,
        adults_with_job=metadata.adults_with_job,
        ev_charger=metadata.ev_charger,
        heat_pump=metadata.heat_pump,
        home_battery=metadata.home_battery,
    )


def address_of(address: stored.Address) -> resources.Address:
    return resources.Address(
        street=address.street,
        house_number=address.house_number,
        postal_code=address.postal_code,
        city=address.city,
    )


def consent_of(record: ConsentRecord) -> resources.Consent:
    """The state and the dates of its steps."""
    return resources.Consent(
        state=record.state,
        granted_at=record.granted.at if record.granted else None,
        revoked_at=record.revoked.at if record.revoked else None,
    )


def read_devices(household: Database) -> resources.MeasurementDevices:
    """Every device with what it last said of itself. Raises BadDocument."""
    beats = {beat.device: beat for beat in _heartbeats(household)}
    return resources.MeasurementDevices(
        items=tuple(
            _device_of(stored.Device.from_json(doc), beats) for doc in _documents(household, "device:")
        )
    )


def _device_of(device: stored.Device, beats: dict[str, stored.Heartbeat]) -> resources.MeasurementDevice:
    beat = beats.get(device.device)
    return resources.MeasurementDevice(
        device=device.device,
        name=device.name,
        versions=dict(beat.versions) if beat else {},
        last_activity=beat.at if beat else None,
        last_measurement=beat.last_measurement if beat else None,
        meters=device.meters,
    )


def _heartbeats(household: Database) -> Iterator[stored.Heartbeat]:
    for doc in _documents(household, "heartbeat:"):
        try:
            yield stored.Heartbeat.from_json(doc)
        except BadDocument:
            continue  # written by another version of the agent: the device itself is still to be listed


def read_meters(household: Database) -> resources.Meters:
    """Every meter. Raises BadDocument."""
    systems = list(_systems(household))
    return resources.Meters(
        items=tuple(
            _meter_of(stored.Meter.from_json(doc), systems) for doc in _documents(household, "meter:")
        )
    )


def _meter_of(meter: stored.Meter, systems: Iterable[stored.PvSystem]) -> resources.Meter:
    return resources.Meter(
        meter=meter.meter,
        meter_type=meter.meter_type,
        model=meter.model,
        device=meter.device,
        pv_systems=tuple(system.pv_system for system in systems if meter.meter in system.meters),
    )


def read_pv_systems(household: Database) -> resources.PvSystems:
    """Every photovoltaic system. Raises BadDocument."""
    return resources.PvSystems(
        items=tuple(
            resources.PvSystem(
                pv_system=system.pv_system,
                nominal_power_kw=system.nominal_power_kw,
                azimuth_deg=system.azimuth_deg,
                tilt_deg=system.tilt_deg,
                installed_on=system.installed_on,
                meters=system.meters,
            )
            for system in _systems(household)
        )
    )


def _systems(household: Database) -> Iterator[stored.PvSystem]:
    return (stored.PvSystem.from_json(doc) for doc in _documents(household, "pv_system:"))


def _documents(household: Database, prefix: str, most: int = 1000) -> Iterator[stored.Json]:
    # Hundreds at most by the rules of registration; the bound keeps a mistake from becoming a huge answer.
    return islice(household.documents(start=prefix, end=prefix + _LAST), most)
