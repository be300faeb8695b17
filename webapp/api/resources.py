"""What the API answers and takes: the entities of the thesis (figures 4.2 to 4.8), as typed values.

These are allow-lists of their own beside the documents' models: what a document gains does not leave through
here by itself. Times are UTC; quantities are `value * 10**scaler` in `unit`, exactly as the meter sent them.
"""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from couch.documents import ConsentState
from couch.documents.fields import UUID_PATTERN
from couch.documents.household import MeterModel, MeterType

# Patterns end with \Z, since `$` would let a line break follow; the documentation writes `$`.
ID_PATTERN = UUID_PATTERN.rstrip("$") + r"\Z"
Id = Annotated[str, Meta(pattern=ID_PATTERN, extra_json_schema={"format": "uuid"})]
Moment = Annotated[datetime, Meta(tz=True)]
Whole = Annotated[int, Meta(ge=0, le=2**53)]
TimeSource = Literal["synchronized", "unsynchronized", "dated_later"]


class Account(Struct, frozen=True, kw_only=True):
    """The participant who stands behind the household (figure 4.2)."""

    name: str
    email: str


class Address(Struct, frozen=True, kw_only=True):
    """Where post reaches the household (figure 4.3)."""

    street: str
    house_number: str
    postal_code: str
    city: str


class Metadata(Struct, frozen=True, kw_only=True):
    """Answers of the registration form (figure 4.3)."""

    children: int
    adults: int
    adults_with_job: int
    ev_charger: bool
    heat_pump: bool
    home_battery: bool


class Location(Struct, frozen=True, kw_only=True):
    """Where the household is: degrees, WGS 84 (figure 4.7)."""

    latitude: float
    longitude: float
    source: Literal["geocoded", "manual"]


class Consent(Struct, frozen=True, kw_only=True):
    """The state of participation (figure 4.5). One way: not granted, granted, revoked."""

    state: ConsentState
    granted_at: Moment | None
    revoked_at: Moment | None


class Household(Struct, frozen=True, kw_only=True):
    """The household of the calling device (figures 4.2, 4.3, 4.5, 4.7). Null: not, or no longer, known."""

    household: Id
    metadata: Metadata | None
    address: Address | None
    location: Location | None
    consent: Consent


class MeasurementDevice(Struct, frozen=True, kw_only=True):
    """A device that reads meters (figure 4.4), with the version of each of its components."""

    device: Id
    name: str
    versions: dict[str, str]
    last_activity: Annotated[Moment | None, Meta(description="its newest sign of life; null: never")]
    last_measurement: Moment | None
    meters: tuple[Id, ...]


class Meter(Struct, frozen=True, kw_only=True):
    """A meter and what it is connected with (figure 4.4)."""

    meter: Id
    meter_type: MeterType
    model: MeterModel
    device: Annotated[Id | None, Meta(description="the device that reads it")]
    pv_systems: Annotated[tuple[Id, ...], Meta(description="the systems whose generation it counts")]


class PvSystem(Struct, frozen=True, kw_only=True):
    """A photovoltaic system (figure 4.4)."""

    pv_system: Id
    nominal_power_kw: float
    azimuth_deg: Annotated[float, Meta(description="0 north, 90 east, 180 south")]
    tilt_deg: Annotated[float, Meta(description="0 flat, 90 upright")]
    installed_on: date
    meters: Annotated[tuple[Id, ...], Meta(description="the generation meters that count it")]


class Reading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value exactly as the meter sent it: quantity = value * 10**scaler, in `unit`."""

    obis: Annotated[str, Meta(pattern=r"^[0-9a-f]{12}\Z", description="OBIS code, six bytes in hexadecimal")]
    value: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
    scaler: Annotated[int, Meta(ge=-24, le=24)]
    unit: Annotated[str, Meta(pattern=r"^[!-~°²³µΩ]{1,16}\Z")] | None = None


class TimeProvenance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the time of a measurement is known."""

    source: TimeSource = "unsynchronized"
    boot: (
        Annotated[str, Meta(pattern=r"^[0-9A-Za-z-]{1,64}\Z", description="the kernel's boot id")] | None
    ) = None
    monotonic_ms: Annotated[Whole | None, Meta(description="since that boot")] = None
    meter_seconds: Annotated[Whole | None, Meta(description="the meter's own seconds index")] = None


class Measurement(Struct, frozen=True, kw_only=True):
    """What a meter showed at a time (figures 4.6 and 4.8)."""

    id: str
    meter: Id
    measured_at: Moment
    slot: Annotated[Moment, Meta(description="start of the 15-minute slot")]
    device: Id
    data: tuple[Reading, ...]
    time: TimeProvenance
    marks: Annotated[tuple[str, ...], Meta(description="names of doubts")]


class NewMeasurement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A measurement of the calling device (figure 4.8); its id follows from meter and slot."""

    meter: Id
    measured_at: Annotated[Moment, Meta(description="years 1970 to 2099; fractions of a second are cut")]
    data: Annotated[tuple[Reading, ...], Meta(min_length=1, max_length=200)]
    slot: Annotated[
        Moment | None,
        Meta(description="start of the slot, at minute 0, 15, 30 or 45; absent: the one of measured_at"),
    ] = None
    time: TimeProvenance = msgspec.field(default_factory=TimeProvenance)
    marks: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[0-9a-z_]{1,60}\Z")], ...],
        Meta(max_length=20, description="names of doubts"),
    ] = ()


class ManagedDevice(Struct, frozen=True, kw_only=True):
    """What the centre last heard of a device. Null: never."""

    device: Id
    name: str
    last_activity: Moment | None
    last_measurement: Moment | None
    last_pull: Moment | None
    last_push: Moment | None
    backlog: Annotated[int | None, Meta(description="documents that it knows the centre lacks")]
    refused: Annotated[int, Meta(description="documents that the centre refused")]
    versions: dict[str, str]
    errors: tuple[str, ...]


class ManagedHousehold(Struct, frozen=True, kw_only=True):
    """A household as researchers and administrators manage it; no name or email once it was erased."""

    household: Id
    name: str | None
    email: str | None
    city: str | None
    consent: Consent
    last_slot: Annotated[Moment | None, Meta(description="newest slot with a measurement at the centre")]
    meters: int
    devices: tuple[ManagedDevice, ...]


Next = Annotated[
    str | None, Meta(description="address of the next page, also in the header Link; null: the last")
]


class MeasurementDevices(Struct, frozen=True, kw_only=True):
    """Every device of the household."""

    items: tuple[MeasurementDevice, ...]


class Meters(Struct, frozen=True, kw_only=True):
    """Every meter of the household."""

    items: tuple[Meter, ...]


class PvSystems(Struct, frozen=True, kw_only=True):
    """Every photovoltaic system of the household."""

    items: tuple[PvSystem, ...]


class Measurements(Struct, frozen=True, kw_only=True):
    """A page of measurements, oldest first."""

    items: tuple[Measurement, ...]
    next: Next


class ManagedHouseholds(Struct, frozen=True, kw_only=True):
    """A page of households, in the order of their ids."""

    items: tuple[ManagedHousehold, ...]
    next: Next
