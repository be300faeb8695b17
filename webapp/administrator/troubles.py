"""What can be wrong with a device, and how much each matters."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class Urgency(IntEnum):
    """How soon somebody should see to it."""

    LATER = 1  # nothing is lost
    SOON = 2  # measurements may be lost if it goes on
    NOW = 3  # measurements are missing


class Kind(StrEnum):
    """The names stand in addresses and metrics."""

    LONG_SILENT = "long_silent"
    SILENT = "silent"
    NEVER_REPORTED = "never_reported"
    NOT_MEASURING = "not_measuring"
    NOT_ARRIVING = "not_arriving"
    CLOCK_IMPLAUSIBLE = "clock_implausible"
    CERTIFICATE_ENDED = "certificate_ended"
    CERTIFICATE_ENDS = "certificate_ends"
    BACKLOG = "backlog"
    REFUSED = "refused"
    DISK_LOW = "disk_low"
    TOO_HOT = "too_hot"
    CLOCK_UNSYNCHRONIZED = "clock_unsynchronized"
    CLOCK_DIFFERS = "clock_differs"
    ERRORS = "errors"
    CONFLICTS = "conflicts"
    OLD_RELEASE = "old_release"


URGENCY: dict[Kind, Urgency] = {
    Kind.LONG_SILENT: Urgency.NOW,
    Kind.NOT_MEASURING: Urgency.NOW,
    Kind.NOT_ARRIVING: Urgency.NOW,
    Kind.CLOCK_IMPLAUSIBLE: Urgency.NOW,
    Kind.CERTIFICATE_ENDED: Urgency.NOW,
    Kind.SILENT: Urgency.SOON,
    Kind.NEVER_REPORTED: Urgency.SOON,
    Kind.CERTIFICATE_ENDS: Urgency.SOON,
    Kind.BACKLOG: Urgency.SOON,
    Kind.REFUSED: Urgency.SOON,
    Kind.DISK_LOW: Urgency.SOON,
    Kind.TOO_HOT: Urgency.SOON,
    Kind.CLOCK_UNSYNCHRONIZED: Urgency.SOON,
    Kind.CLOCK_DIFFERS: Urgency.SOON,
    Kind.ERRORS: Urgency.SOON,
    Kind.CONFLICTS: Urgency.LATER,
    Kind.OLD_RELEASE: Urgency.LATER,
}
_ORDER = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong. `since` None: nobody knows. `amount`: how much, in the kind's own unit:
    documents (backlog, refused, conflicts), seconds that the device's clock is ahead (below 0: behind), free
    bytes, degrees Celsius. `text`: a release, or what the device says.
    """

    kind: Kind
    since: datetime | None = None
    amount: float | None = None
    text: str = ""

    @property
    def urgency(self) -> Urgency:
        return URGENCY[self.kind]

    @property
    def rank(self) -> tuple[int, int]:
        """Sorts the worst first."""
        return -self.urgency, _ORDER[self.kind]
