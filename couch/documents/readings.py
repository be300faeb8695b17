"""Documents that a device writes about its meters."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from couch.documents.fields import Document, Fields, Obis, Uuid, stamp

Cause = Literal[
    "meter_silent",
    "head_unplugged",
    "checksum",
    "locked",
    "no_consent",
    "device_off",
    "clock_unknown",
    "storage",
]


class Reading(Fields, frozen=True, kw_only=True):
    """One value exactly as the meter sent it: quantity = value * 10**scaler, in `unit`."""

    obis: Obis
    value: int
    scaler: Annotated[int, msgspec.Meta(ge=-24, le=24)]
    unit: str | None  # "Wh", "W", ... None where the meter named none

    @property
    def quantity(self) -> Decimal:
        """The exact quantity in `unit`."""
        return Decimal(self.value).scaleb(self.scaler)


class TimeProvenance(Fields, frozen=True, kw_only=True):
    """How the time of a measurement is known (design section 12)."""

    source: Literal["synchronized", "unsynchronized", "dated_later"]
    boot: str | None = None  # the kernel's boot id
    monotonic_ms: int | None = None  # milliseconds since that boot
    meter_seconds: int | None = None  # the meter's own seconds index


class Measurement(Document, frozen=True, kw_only=True, tag="measurement"):
    meter: Uuid
    measured_at: datetime
    slot: datetime  # start of the 15-minute slot
    device: Uuid
    data: Annotated[tuple[Reading, ...], msgspec.Meta(min_length=1)]
    time: TimeProvenance
    marks: tuple[str, ...] = ()  # names of doubts

    @property
    def id(self) -> str:
        return f"measurement:{self.meter}:{stamp(self.slot)}"


class Gap(Document, frozen=True, kw_only=True, tag="gap"):
    """An ended run of missing slots between grant and revocation; both ends belong to it."""

    meter: Uuid
    from_slot: datetime
    to_slot: datetime
    cause: Cause
    device: Uuid

    @property
    def id(self) -> str:
        return f"gap:{self.meter}:{stamp(self.from_slot)}"


class Heartbeat(Document, frozen=True, kw_only=True, tag="heartbeat"):
    """What a device says of itself; PUT at the centre, never replicated. Times None: never."""

    device: Uuid
    at: datetime
    versions: dict[str, str] = msgspec.field(default_factory=dict)
    last_measurement: datetime | None = None
    last_pull: datetime | None = None
    last_push: datetime | None = None
    backlog: int | None = None  # documents that the centre was not yet shown to hold
    refused: int = 0  # documents that the centre refused
    clock: str = "synchronized"
    disk_free_bytes: int | None = None
    temperature_c: float | None = None
    certificate_ends: datetime | None = None  # real time; None: the centre is reached without one
    conflicts: int | None = None  # documents with more than one living revision here; None: not counted
    errors: tuple[str, ...] = ()
    erased: bool = False  # the household was erased: nothing is measured, pulled or pushed any more

    @property
    def id(self) -> str:
        return f"heartbeat:{self.device}"


class Answer(Document, frozen=True, kw_only=True, tag="answer"):
    """The result of an order."""

    order: Uuid
    device: Uuid
    at: datetime
    done: bool
    result: str = ""

    @property
    def id(self) -> str:
        return f"answer:{self.order}"


class Erased(Document, frozen=True, kw_only=True, tag="erased"):
    """A device's confirmation that it erased its replica."""

    device: Uuid
    at: datetime
    unsent_measurements: int

    @property
    def id(self) -> str:
        return f"erased:{self.device}"
