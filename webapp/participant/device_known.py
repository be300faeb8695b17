"""What is known of a device when its state is put into words, and the sentences that come of it.

Sources: the newest heartbeat, which the agent writes after each cycle and after each try to reach the centre,
and the newest slot of each meter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Literal

from couch.clock import SLOT
from couch.documents import ConsentState, Heartbeat

Tone = Literal["well", "note", "trouble"]
TONES: tuple[Tone, ...] = ("well", "note", "trouble")  # each worse than the one before

# The agent speaks each cycle (15 minutes) and after each push, which may take as long again.
SILENT_AFTER = 3 * SLOT
METER = "meter "  # what the agent's parts that read meters are called by, before the meter's uuid


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    tone: Tone = "well"


@dataclass(frozen=True, slots=True)
class MeterSeen:
    """A meter by its name in words; `newest`: its last slot here, None: never."""

    name: str
    newest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`meters`: by their uuid."""

    consent: ConsentState
    heartbeat: Heartbeat | None
    now: datetime
    zone: tzinfo
    meters: Mapping[str, MeterSeen] = field(default_factory=dict)

    @property
    def last_measured(self) -> datetime | None:
        """As the heartbeat says, or as the replica shows where that is newer."""
        told = self.heartbeat.last_measurement if self.heartbeat else None
        stored = (meter.newest for meter in self.meters.values())
        return max((at for at in (told, *stored) if at is not None), default=None)


def parts_in_trouble(beat: Heartbeat) -> dict[str, str]:
    """Which parts of the agent have a trouble, and which (see `edge.heartbeat.Vitals.failed`)."""
    return {part: what.strip() for part, _, what in (error.partition(":") for error in beat.errors)}
