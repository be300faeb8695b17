"""What somebody wants exported, checked before anything is read or written."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal

from couch.client import Server
from couch.errors import Fault, NotFound
from couch.names import RESEARCH

Format = Literal["ndjson", "json", "csv"]
FORMATS: tuple[Format, ...] = ("ndjson", "json", "csv")
_PSEUDONYM = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Slots of the UTC days from `first` up to, but without, `end`; `household`: a pseudonym, None: all."""

    first: date
    end: date
    household: str | None
    format: Format

    @property
    def start_at(self) -> datetime:
        return datetime.combine(self.first, time(), UTC)

    @property
    def end_at(self) -> datetime:
        return datetime.combine(self.end, time(), UTC)

    def share_done(self, slot: datetime) -> float:
        """How much of the time range lies before `slot`, 0 to 1."""
        return (slot - self.start_at) / (self.end_at - self.start_at)


def parse_request(first: str, end: str, household: str | None, wanted: str) -> ExportRequest:
    """A request from what people typed. Raises Fault."""
    start, stop = _day("from", first), _day("to", end)
    if start >= stop:
        raise Fault(
            f"the export from {start} to {stop} holds no day: `from` is its first day, `to` the day after "
            f"its last. {'Exchange the two' if start > stop else 'Give a later `to`'}."
        )
    pseudonym = (household or "").strip() or None
    if pseudonym is not None and not _PSEUDONYM.fullmatch(pseudonym):
        raise Fault(
            f"the household {pseudonym!r} is no pseudonym: it has 32 digits from 0-9 and a-f, "
            "as in the column `household` of an export of all households"
        )
    if wanted not in FORMATS:
        raise Fault(f"the format {wanted!r} is unknown: choose one of {', '.join(FORMATS)}")
    return ExportRequest(start, stop, pseudonym, wanted)


def check_household(server: Server, request: ExportRequest) -> None:
    """Make sure that research can be read, and knows the household.

    Raises Fault for an unknown household or a server without research, AccessDenied, Unreachable.
    """
    research = server.database(RESEARCH)
    try:
        if request.household is None:
            research.info()
            return
        found = research.find(f"context:{request.household}")
    except NotFound as err:
        raise Fault(
            f"the CouchDB at {server.url} holds no database `{RESEARCH}`: "
            "check the address, or set the centre up with `survey centre init`"
        ) from err
    if found is None:
        raise Fault(
            f"no household has the pseudonym {request.household}: "
            "leave the household out to export all, and take one from the column `household`"
        )


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Fault(f"`{name}` is {text!r}: it takes a day such as 2026-01-31") from None
