"""What of the survey's data somebody wants: the same for the command, the page and releases. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

TableName = Literal["measurements", "intervals", "context", "pv_systems", "meters", "gaps"]
Quality = Literal["unmarked", "without_gaps", "synchronized"]
QUALITIES: tuple[Quality, ...] = ("unmarked", "without_gaps", "synchronized")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Slots from `start_at` up to, but without, `end_at` (UTC).

    `households`: pseudonyms, `regions`: NUTS codes or their beginnings; empty: all, both given:
    in both.
    `quality`: `unmarked` leaves out rows with a mark, `without_gaps` intervals that span missing slots,
    `synchronized` rows whose time is not known from a synchronized clock.
    """

    start_at: datetime
    end_at: datetime
    households: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    quality: tuple[Quality, ...] = ()
    tables: tuple[TableName, ...] = ("measurements",)

    def share_done(self, slot: datetime) -> float:
        """How much of the time range lies before `slot`, 0 to 1."""
        return min(1.0, max(0.0, (slot - self.start_at) / (self.end_at - self.start_at)))
