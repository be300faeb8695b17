"""Documents that only the centre keeps: the registry, and what research sees under pseudonyms.

A pseudonym is a keyed hash (32 hex digits); these ids and fields hold no household, meter or device uuid
except in the registry, which never leaves the researchers' and administrators' pages.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

from couch.documents.consent import ConsentState
from couch.documents.fields import Document, Fields, Pseudonym, Uuid, stamp
from couch.documents.household import Metadata, MeterModel, MeterType
from couch.documents.readings import Cause, Reading


class DeviceSummary(Fields, frozen=True, kw_only=True):
    """What the registry keeps of a device: its name, what the centre saw of it, and what it says of itself in
    its last heartbeat. None: never heard of, or not said.
    """

    device: Uuid
    name: str
    # By the centre's clock:
    listed_at: datetime | None = None  # when the worker first saw that it is registered
    heard_at: datetime | None = None  # when the worker took over its last heartbeat
    backlog_since: datetime | None = None  # since when its backlog has not shrunk; None: it is empty
    # By the device's own:
    heartbeat_at: datetime | None = None
    last_measurement: datetime | None = None
    last_pull: datetime | None = None
    last_push: datetime | None = None
    backlog: int | None = None
    refused: int = 0
    conflicts: int | None = None
    clock: str | None = None
    certificate_ends: datetime | None = None
    disk_free_bytes: int | None = None
    temperature_c: float | None = None
    versions: dict[str, str] = msgspec.field(default_factory=dict)
    errors: tuple[str, ...] = ()

    @property
    def sign_of_life(self) -> datetime | None:
        """The newest one by the centre's clock; of older entries by the device's own. None: never."""
        return self.heard_at or self.heartbeat_at


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
    erased: bool = False  # names, city and device names are gone, and no worker writes them again

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


class Reported(Document, frozen=True, kw_only=True, tag="reported"):
    """A participant's report of a mistake and what became of it, in `registry`.

    The text of the report stays in the household's database and goes with it; so does `note`, what the
    researcher wrote who dealt with it, when the household is erased.
    """

    household: Uuid
    report: Uuid
    at: datetime
    done_at: datetime | None = None  # None: still to be dealt with
    done_by: str | None = None  # the account
    done_as: str | None = None  # its role
    note: Annotated[str, msgspec.Meta(max_length=1000)] = ""

    @property
    def id(self) -> str:
        return f"reported:{self.household}:{self.report}"


class Retry(Document, frozen=True, kw_only=True, tag="retry"):
    """An administrator's wish, in `registry`: take a household's parked documents once more."""

    household: Uuid
    documents: tuple[str, ...] = ()  # their ids; none: all that are parked
    at: datetime

    @property
    def id(self) -> str:
        return f"retry:{self.household}"


class Lease(Document, frozen=True, kw_only=True, tag="lease"):
    """Which worker serves a slice of all households, in `registry`; see `anonymizer.leases`."""

    slice: Annotated[int, msgspec.Meta(ge=0, le=999)]
    owner: Uuid | None  # None: free
    term: int = 0  # counts up whenever it is taken or confirmed, so that two takers never write the same

    @property
    def id(self) -> str:
        return f"lease:{self.slice:03d}"


class WorkerNote(Document, frozen=True, kw_only=True, tag="worker"):
    """A worker of the centre that serves households, in `registry`, so that the others leave it its share."""

    worker: Uuid
    started_at: datetime

    @property
    def id(self) -> str:
        return f"worker:{self.worker}"


class Step(StrEnum):
    """The steps of a revocation in their order (design 7)."""

    ACCESS_CLOSED = "access_closed"  # `_security` says revoked
    RESEARCH_COMPLETE = "research_complete"  # research was shown to hold every reading
    CONTEXT_ANONYMIZED = "context_anonymized"  # the location was drawn and stands in research
    DATABASE_REMADE = "database_remade"  # destroyed, and made anew with `erased` in `_security`
    REGISTRY_CLEARED = "registry_cleared"  # no name, no email, no account
    FILES_COMPACTED = "files_compacted"  # old revisions and tombstones are gone from the files


class ErasureStep(Fields, frozen=True, kw_only=True):
    step: Step
    at: datetime  # when it was done


class MeterKept(Fields, frozen=True, kw_only=True):
    """What research keeps of a meter; the uuid says nothing of anybody once its household is erased."""

    meter: Uuid
    measurements: int = 0
    gaps: int = 0


class DeviceErasure(Fields, frozen=True, kw_only=True):
    """Whether a device confirmed that it erased its replica. None: not yet."""

    device: Uuid
    confirmed_at: datetime | None = None
    unsent_measurements: int | None = None  # erased on the device, since the centre lacked them


class Erasure(Document, frozen=True, kw_only=True, tag="erasure"):
    """How far the erasure of a household is, in `registry`: ids, times and counts, nothing else.

    It says which steps are done, so that a worker that dies goes on where it was, and what receipts tell.
    """

    household: Uuid
    receipt: Uuid  # the receipt's number; it stays when the receipt is issued anew
    begun_at: datetime
    steps: tuple[ErasureStep, ...] = ()
    # Bodies by id; nothing else of the old database outlives it.
    consents: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    kept: tuple[MeterKept, ...] = ()
    not_kept: dict[str, int] = msgspec.field(
        default_factory=dict
    )  # why research could not take a reading: of how many
    devices: tuple[DeviceErasure, ...] = ()
    read_to: str = ""  # how far the old database's feed was compared with research
    altogether: bool = False  # measurements as well: research keeps nothing (`survey household erase`)
    months: tuple[str, ...] = ()  # where that was found and has to be compacted
    research_erased_at: datetime | None = None  # when research held nothing any more; None: not yet, or never

    @property
    def id(self) -> str:
        return f"erasure:{self.household}"

    def done(self, step: Step) -> bool:
        return any(each.step is step for each in self.steps)

    @property
    def next_step(self) -> Step | None:
        """The first step that is not done; None: all are."""
        return next((step for step in Step if not self.done(step)), None)

    @property
    def outstanding(self) -> tuple[str, ...]:
        """Devices that have not confirmed yet."""
        return tuple(each.device for each in self.devices if each.confirmed_at is None)


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
    anonymized: bool = False  # it says what outlives the revocation, drawn once
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
