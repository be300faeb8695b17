"""Documents that the centre's researchers write: who takes part, where, with which systems and meters."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from couch.documents.fields import Document, Fields, Uuid

Count = Annotated[int, msgspec.Meta(ge=0, le=99)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
# What people call a device of theirs; it stands in files and on command lines, so no quotes, no slashes.
NAME_PATTERN = r"^[^\W_][\w .-]{0,59}$"
MeterType = Literal["ELECTRICITY", "PV_GENERATION"]
MeterModel = Literal["MT681", "MT175", "EHZ", "DD3", "EASY"]


class Contact(Fields, frozen=True, kw_only=True):
    name: Text
    email: Annotated[str, msgspec.Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]


class Address(Fields, frozen=True, kw_only=True):
    street: Text
    house_number: Annotated[str, msgspec.Meta(max_length=20)] = ""
    postal_code: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{5}$")]
    city: Text


class Metadata(Fields, frozen=True, kw_only=True):
    """Answers of the registration form (thesis 3.1.2)."""

    children: Count
    adults: Count
    adults_with_job: Count
    ev_charger: bool
    heat_pump: bool
    home_battery: bool


class Registration(Document, frozen=True, kw_only=True, tag="registration"):
    contact: Contact
    address: Address
    metadata: Metadata

    @property
    def id(self) -> str:
        return "registration"


class Location(Document, frozen=True, kw_only=True, tag="location"):
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90, description="degrees north, WGS 84")]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180, description="degrees east, WGS 84")]
    source: Literal["geocoded", "manual"]

    @property
    def id(self) -> str:
        return "location"


class PvSystem(Document, frozen=True, kw_only=True, tag="pv_system"):
    pv_system: Uuid
    nominal_power_kw: Annotated[float, msgspec.Meta(gt=0, le=10_000)]
    azimuth_deg: Annotated[float, msgspec.Meta(ge=0, le=360, description="0 north, 90 east, 180 south")]
    tilt_deg: Annotated[float, msgspec.Meta(ge=0, le=90, description="0 flat, 90 upright")]
    installed_on: date
    meters: tuple[Uuid, ...] = ()  # the generation meters that count it

    @property
    def id(self) -> str:
        return f"pv_system:{self.pv_system}"


class Meter(Document, frozen=True, kw_only=True, tag="meter"):
    """A meter. Its own number, its head and its PIN live only on the device."""

    meter: Uuid
    meter_type: MeterType
    model: MeterModel
    device: Uuid | None = None  # the device that reads it

    @property
    def id(self) -> str:
        return f"meter:{self.meter}"


class Device(Document, frozen=True, kw_only=True, tag="device"):
    device: Uuid
    name: Text
    certificate_serial: str | None = None
    meters: tuple[Uuid, ...] = ()
    desired_release: str | None = None

    @property
    def id(self) -> str:
        return f"device:{self.device}"


class Order(Document, frozen=True, kw_only=True, tag="order"):
    """A signed request to a device."""

    order: Uuid
    device: Uuid
    at: datetime
    request: str
    arguments: dict[str, str] = msgspec.field(default_factory=dict)
    signature: str = ""

    @property
    def id(self) -> str:
        return f"order:{self.order}"
