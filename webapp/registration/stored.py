"""A household as it is stored: read from its database, shown in the form, compared with what was entered."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from couch.client import Database
from couch.documents import Device, Document, Json, Location, Meter, PvSystem, Registration
from webapp.registration.typed import Row, Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHousehold:
    """The documents that a researcher corrects, each with its revision."""

    registration: Registration
    location: Location | None
    devices: tuple[Device, ...] = ()
    meters: tuple[Meter, ...] = ()
    systems: tuple[PvSystem, ...] = ()
    measured: frozenset[str] = field(default_factory=frozenset)  # meters that have measurements

    @property
    def revs(self) -> dict[str, str]:
        """Revisions by the documents' ids."""
        return {doc.id: doc.rev or "" for doc in self.documents()}

    def documents(self) -> Iterable[Document]:
        """All of them."""
        yield self.registration
        if self.location is not None:
            yield self.location
        yield from (*self.devices, *self.meters, *self.systems)


def read_stored(database: Database, registration: Json) -> StoredHousehold:
    """What stands beside the `registration`. Raises CouchError (BadDocument among them)."""
    location = database.find("location")
    meters = tuple(Meter.from_json(doc) for doc in _below(database, "meter"))
    return StoredHousehold(
        registration=Registration.from_json(registration),
        location=None if location is None else Location.from_json(location),
        devices=tuple(Device.from_json(doc) for doc in _below(database, "device")),
        meters=meters,
        systems=tuple(PvSystem.from_json(doc) for doc in _below(database, "pv_system")),
        measured=frozenset(meter.meter for meter in meters if _has_measurements(database, meter.meter)),
    )


def typed_of(stored: StoredHousehold) -> Typed:
    """The form as it shows what is stored. Numbers have a point; the page writes its reader's mark."""
    contact, address = stored.registration.contact, stored.registration.address
    metadata, location = stored.registration.metadata, stored.location
    facts = {
        "name": contact.name,
        "email": contact.email,
        "street": address.street,
        "house_number": address.house_number,
        "postal_code": address.postal_code,
        "city": address.city,
        "latitude": "" if location is None else plain(location.latitude),
        "longitude": "" if location is None else plain(location.longitude),
        "children": str(metadata.children),
        "adults": str(metadata.adults),
        "adults_with_job": str(metadata.adults_with_job),
        "ev_charger": _tick(metadata.ev_charger),
        "heat_pump": _tick(metadata.heat_pump),
        "home_battery": _tick(metadata.home_battery),
    }
    return Typed(
        facts=facts,
        devices=tuple(Row(device.device, {"name": device.name}) for device in stored.devices),
        meters=tuple(
            Row(
                meter.meter,
                {
                    "type": meter.meter_type.lower(),
                    "model": meter.model,
                    "protocol": "",
                    "device": meter.device or "",
                },
            )
            for meter in stored.meters
        ),
        systems=tuple(
            Row(
                system.pv_system,
                {
                    "power": plain(system.nominal_power_kw),
                    "azimuth": plain(system.azimuth_deg),
                    "tilt": plain(system.tilt_deg),
                    "installed": system.installed_on.isoformat(),
                },
                system.meters,
            )
            for system in stored.systems
        ),
    )


def plain(number: float) -> str:
    """As short as it can be and still the same number."""
    return str(int(number)) if number == int(number) else repr(number)


def _tick(value: bool) -> str:
    return "yes" if value else ""


def _below(database: Database, prefix: str) -> Iterable[Json]:
    # ";" follows ":" in the byte order of ids
    return database.documents(start=f"{prefix}:", end=f"{prefix};")


def _has_measurements(database: Database, meter: str) -> bool:
    prefix = f"measurement:{meter}:"
    return next(iter(database.rows(start=prefix, end=f"{prefix}~", page=1)), None) is not None
