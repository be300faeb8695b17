"""What the device says of itself, also without consent (design section 5).

It is not replicated, since a thousand offline revisions would conflict: the device PUTs it at the centre over
the centre's revision, and keeps it in `_local/heartbeat` for its own page.
"""

import os
import threading
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version

from couch.database import Database
from couch.documents import Heartbeat, Json, utc
from edge.clock_state import ClockState

LOCAL = "heartbeat"
_TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")  # thousandths of a degree Celsius
_MESSAGE = 300  # characters kept of an error


@dataclass
class Vitals:
    """What the threads of the agent report, for the next heartbeat. Times None: never."""

    last_measurement: datetime | None = None
    last_pull: datetime | None = None
    last_push: datetime | None = None
    backlog: int | None = None
    refused: int = 0
    conflicts: int | None = None
    clock: ClockState = ClockState.UNSYNCHRONIZED
    certificate_ends: datetime | None = None  # as the renewal last read it; None: there is none
    erased: bool = False
    _errors: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def failed(self, part: str, error: Exception | str) -> None:
        """`part` (measuring, pull, push ...) has a trouble; it stands until `succeeded`."""
        with self._lock:
            self._errors[part] = f"{part}: {error}"[:_MESSAGE]

    def succeeded(self, part: str) -> None:
        with self._lock:
            self._errors.pop(part, None)

    def forget_troubles(self) -> None:
        """Of parts that have ended for good."""
        with self._lock:
            self._errors.clear()

    def remember(self, beat: Heartbeat | None) -> None:
        """Take over from the newest heartbeat before a restart what this process cannot know."""
        if beat is not None:
            self.last_measurement = self.last_measurement or beat.last_measurement
            self.last_pull = self.last_pull or beat.last_pull
            self.last_push = self.last_push or beat.last_push
            self.refused = self.refused or beat.refused

    def errors(self) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._errors[part] for part in sorted(self._errors))


def heartbeat(device: str, vitals: Vitals, now: datetime, versions: dict[str, str]) -> Heartbeat:
    """The document for this moment; disk and temperature are read here."""
    return Heartbeat(
        device=device,
        at=utc(now),
        versions=versions,
        last_measurement=vitals.last_measurement,
        last_pull=vitals.last_pull,
        last_push=vitals.last_push,
        backlog=vitals.backlog,
        refused=vitals.refused,
        clock=vitals.clock.value,
        disk_free_bytes=_disk_free(),
        temperature_c=_temperature(),
        certificate_ends=vitals.certificate_ends,
        conflicts=vitals.conflicts,
        errors=vitals.errors(),
        erased=vitals.erased,
    )


def keep(replica: Database, beat: Heartbeat) -> None:
    """Into `_local/heartbeat`. Raises CouchError."""
    replica.put_local(LOCAL, _body(beat))


def send(centre: Database, beat: Heartbeat) -> None:
    """PUT it at the centre, whatever revision stands there. Raises CouchError."""
    centre.replace(beat.id, lambda _stored: beat.to_json())


def last_kept(replica: Database) -> Heartbeat | None:
    """The newest one kept here; None when there is none. Raises CouchError."""
    stored = replica.local(LOCAL)
    return None if stored is None else Heartbeat.from_json(stored)


def versions() -> dict[str, str]:
    """Of the survey and of what runs it."""
    try:
        own = version("household-energy-survey")
    except PackageNotFoundError:
        own = "source"  # run from a work tree that was not installed
    return {"survey": own, "python": python_version(), "kernel": os.uname().release}


def _body(beat: Heartbeat) -> Json:
    return {key: value for key, value in beat.to_json().items() if not key.startswith("_")}


def _disk_free() -> int:
    room = os.statvfs("/")
    return room.f_bavail * room.f_frsize


def _temperature() -> float | None:
    try:
        return int(_TEMPERATURE.read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None  # not every machine has a sensor
