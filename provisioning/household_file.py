"""The file that describes a new household, or further devices of one: TOML or JSON, checked whole.

Meters, devices and systems have names that only this file uses, so that one can refer to another. Options of
the command line complete the file or stand for it. Every fault is reported at once.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from couch.documents.fields import UUID_PATTERN, Json
from couch.documents.household import NAME_PATTERN, MeterModel, MeterType
from couch.errors import Fault
from couch.settings_fields import Source, read_struct
from provisioning.ca.names import email_name

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Name = Annotated[
    str,
    msgspec.Meta(
        pattern=NAME_PATTERN,
        description="a short name (letters, digits, blank, _ . -)",
        examples=["cellar"],
    ),
]
Id = Annotated[
    str,
    msgspec.Meta(
        pattern=UUID_PATTERN,
        description="a uuid in lower case",
        examples=["00000000-0000-4000-8000-000000000000"],
    ),
]
Count = Annotated[int, msgspec.Meta(ge=0, le=99)]


class ContactEntry(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[Text, msgspec.Meta(examples=["Ada Example"])]
    email: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[^@\s]+@[^@\s]+$",
            max_length=254,
            description="an email address",
            examples=["ada@example.org"],
        ),
    ]


class AddressEntry(msgspec.Struct, frozen=True, kw_only=True):
    street: Annotated[Text, msgspec.Meta(examples=["Musterweg"])]
    house_number: Annotated[str, msgspec.Meta(max_length=20)] = ""
    postal_code: Annotated[
        str, msgspec.Meta(pattern=r"^[0-9]{5}$", description="five digits", examples=["24103"])
    ]
    city: Annotated[Text, msgspec.Meta(examples=["Kiel"])]


class MetadataEntry(msgspec.Struct, frozen=True, kw_only=True):
    children: Count
    adults: Count
    adults_with_job: Count
    ev_charger: bool
    heat_pump: bool
    home_battery: bool


class LocationEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Degrees, WGS 84."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90, examples=[54.3233])]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180, examples=[10.1228])]
    source: Literal["geocoded", "manual"] = "manual"


class DeviceEntry(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    device: Id | None = None  # None: made
    local_url: Annotated[str, msgspec.Meta(pattern=r"^https?://")] = "http://127.0.0.1:5984"


class MeterEntry(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    meter: Id | None = None  # None: made
    meter_type: MeterType
    model: MeterModel
    device: Name | None = None  # the name of the device that reads it
    head: Annotated[str, msgspec.Meta(min_length=1, examples=["serial:///dev/ttyUSB0"])] | None = None
    protocol: Literal["sml", "text_d"] = "sml"


class PvSystemEntry(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    pv_system: Id | None = None  # None: made
    nominal_power_kw: Annotated[float, msgspec.Meta(gt=0, le=10_000, examples=[8.4])]
    azimuth_deg: Annotated[float, msgspec.Meta(ge=0, le=360, examples=[180])]
    tilt_deg: Annotated[float, msgspec.Meta(ge=0, le=90, examples=[35])]
    installed_on: Annotated[date, msgspec.Meta(description="a date", examples=["2021-05-01"])]
    meters: tuple[Name, ...] = ()  # the names of the generation meters that count it


class PartsFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a household has; ids that the file leaves out are made once and kept beside it."""

    devices: tuple[DeviceEntry, ...] = ()
    meters: tuple[MeterEntry, ...] = ()
    pv_systems: tuple[PvSystemEntry, ...] = ()


class HouseholdFile(PartsFile, frozen=True, kw_only=True):
    """A new household."""

    household: Id | None = None
    contact: ContactEntry
    address: AddressEntry
    metadata: MetadataEntry
    location: LocationEntry | None = None


F = TypeVar("F", bound=PartsFile)


def read_household_file(path: Path, options: Json | None = None) -> HouseholdFile:
    """A new household, from the file, from options (a table of the same form), or from both.

    Raises Fault, which names every fault.
    """
    return _read(HouseholdFile, path, options)


def household_of_table(table: Json) -> HouseholdFile:
    """A new household from a table of the same form, as the pages hand it over. Raises Fault as above."""
    return _judged(HouseholdFile, table, "the registration")


def read_devices_file(path: Path, options: Json | None = None) -> PartsFile:
    """Further devices of a household, their meters and systems. Raises Fault as `read_household_file`."""
    file = _read(PartsFile, path, options)
    if not file.devices:
        raise Fault(f"a fault in {path}: it names no device, for example [[devices]]. Nothing was created.")
    return file


def _read(kind: type[F], path: Path, options: Json | None) -> F:
    table = {} if options and not path.exists() else _table(path)
    return _judged(kind, _completed(table, options or {}), path if table else "the options")


def _judged(kind: type[F], whole: Json, where: object) -> F:
    found: list[str] = []
    file = read_struct(kind, whole, Source("", "SURVEY_HOUSEHOLD", {}), found)
    if file is not None:
        found += contradictions(file)
    if kind is HouseholdFile and not any(fault.startswith("contact.email") for fault in found):
        found += _unfit_email(whole.get("contact"))
    if found or file is None:
        count = "a fault" if len(found) == 1 else f"{len(found)} faults"
        raise Fault(f"{count} in {where}: {'; '.join(found)}. Nothing was created.")
    return file


def _completed(table: Json, options: Json) -> Json:
    """The file's table with what the options say instead; lists are continued."""
    whole = dict(table)
    for name, value in options.items():
        stands = whole.get(name)
        if isinstance(value, dict) and isinstance(stands, dict):
            whole[name] = {**stands, **value}
        elif isinstance(value, list) and isinstance(stands, list):
            whole[name] = [*stands, *value]
        else:
            whole[name] = value
    return whole


def _unfit_email(contact: Any) -> list[str]:
    """Devices' certificates hold it (design section 8): better said now than when a device joins."""
    email = contact.get("email") if isinstance(contact, dict) else None
    if isinstance(email, str):
        try:
            email_name(email)
        except Fault as err:
            return [f"contact.email: {str(err).rstrip('.')}"]
    return []


def contradictions(household: PartsFile) -> list[str]:
    """What the entries say against each other."""
    found: list[str] = []
    devices = {device.name for device in household.devices}
    kinds = {meter.name: meter.meter_type for meter in household.meters}
    for key, names in (
        ("devices", [device.name for device in household.devices]),
        ("meters", [meter.name for meter in household.meters]),
        ("pv_systems", [system.name for system in household.pv_systems]),
    ):
        found += [f"{key}: the name {name!r} is given twice" for name in _twice(names)]
    for place, meter in enumerate(household.meters):
        if meter.device is not None and meter.device not in devices:
            found.append(f"meters[{place}].device is {meter.device!r}: no device has this name")
        if meter.head is not None and meter.device is None:
            found.append(f"meters[{place}].head: it belongs to a device, name that in meters[{place}].device")
    for place, system in enumerate(household.pv_systems):
        for name in system.meters:
            if name not in kinds:
                found.append(f"pv_systems[{place}].meters names {name!r}: no meter has this name")
            elif kinds[name] != "PV_GENERATION":
                found.append(f"pv_systems[{place}].meters names {name!r}: it is no PV_GENERATION meter")
    ids = [
        *(device.device for device in household.devices),
        *(meter.meter for meter in household.meters),
        *(system.pv_system for system in household.pv_systems),
    ]
    found += [f"the uuid {uuid} is given twice" for uuid in _twice(filter(None, ids))]
    return found


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _table(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as err:
        why = (err.strerror or type(err).__name__).lower()
        raise Fault(f"the household file {path} cannot be read: {why}. Give a TOML or JSON file.") from err
    except UnicodeDecodeError as err:
        raise Fault(f"the household file {path} is not UTF-8 text. Save it as UTF-8.") from err
    try:
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as err:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise Fault(f"the household file {path} is not valid {kind}: {err}. Correct that line.") from err
    if not isinstance(table, dict):
        raise Fault(f"the household file {path} holds no object at its top.")
    return table
