"""Documents that only the centre keeps: the registry, and what research sees under pseudonyms.

A pseudonym is a keyed hash (32 hex digits); these ids and fields hold no household, meter or device uuid
except in the registry, which never leaves the researchers' and administrators' pages.
"""

from datetime import date, datetime
from typing import Literal

import msgspec

from couch.documents.consent import ConsentState
from couch.documents.fields import Document, Fields, Pseudonym, Uuid, stamp
from couch.documents.household import Metadata, MeterModel, MeterType
from couch.documents.readings import Cause, Reading


class DeviceSummary(Fields, frozen=True, kw_only=True):
    """What the registry keeps of a device: its name and its last heartbeat. None: never heard of."""

    device: Uuid
    name: str
    heartbeat_at: datetime | None = None
    last_measurement: datetime | None = None
    last_pull: datetime | None = None
    last_push: datetime | None = None
    backlog: int | None = None
    refused: int = 0
    versions: dict[str, str] = msgspec.field(default_factory=dict)
    errors: tuple[str, ...] = ()


class HouseholdSummary(Document, frozen=True, kw_only=True, tag="household_summary"):
    """One a household in `registry`; the only second place that holds a name or an email."""

    household: Uuid
    pseudonym: Pseudonym
    name: str | None = None
    email: str | None = None
    city: str | None = None
    consent: ConsentState = ConsentState.NOT_GRANTED
    granted_at: datetime | None = None
    revoked_at: datetime | None = None
    last_slot: datetime | None = None  # newest slot of which a measurement is at the centre
    meters: int = 0
    devices: tuple[DeviceSummary, ...] = ()

    @property
    def id(self) -> str:
        return f"household:{self.household}"


class Parked(Document, frozen=True, kw_only=True, tag="parked"):
    """A document that the worker could not take on, by name and reason, in `registry`."""

    household: Uuid
    document: str
    document_rev: str
    reason: str
    at: datetime

    @property
    def id(self) -> str:
        return f"parked:{self.household}:{self.document}"


class ContextLocation(Fields, frozen=True, kw_only=True):
    latitude: float
    longitude: float
    anonymized: bool


class ContextPvSystem(Fields, frozen=True, kw_only=True):
    pv_system: Pseudonym
    nominal_power_kw: float
    azimuth_deg: float | None = None  # as in the household's document; None: blurred away
    tilt_deg: float | None = None
    installed_on: date
    meters: tuple[Pseudonym, ...] = ()


class ContextMeter(Fields, frozen=True, kw_only=True):
    meter: Pseudonym
    meter_type: MeterType
    model: MeterModel


class Context(Document, frozen=True, kw_only=True, tag="context"):
    """One a household in `research`: what analysts may know of it besides its measurements."""

    household: Pseudonym
    consent: ConsentState
    metadata: Metadata | None = None
    location: ContextLocation | None = None
    pv_systems: tuple[ContextPvSystem, ...] = ()
    meters: tuple[ContextMeter, ...] = ()

    @property
    def id(self) -> str:
        return f"context:{self.household}"


class ResearchMeasurement(Document, frozen=True, kw_only=True, tag="research_measurement"):
    """A measurement in `research-<yyyy-mm>`; ids sort by slot, so a time range is a range of ids."""

    household: Pseudonym
    meter: Pseudonym
    slot: datetime
    measured_at: datetime
    time_source: Literal["synchronized", "unsynchronized", "dated_later"]
    data: tuple[Reading, ...]
    marks: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"measurement:{stamp(self.slot)}:{self.meter}"


class ResearchGap(Document, frozen=True, kw_only=True, tag="research_gap"):
    """A gap in the month of its first slot."""

    household: Pseudonym
    meter: Pseudonym
    from_slot: datetime
    to_slot: datetime
    cause: Cause

    @property
    def id(self) -> str:
        return f"gap:{stamp(self.from_slot)}:{self.meter}"
