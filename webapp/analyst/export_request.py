"""What somebody wants exported, checked before anything is read or written."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal

from couch.client import Server
from couch.clock import from_rfc3339, to_rfc3339
from couch.errors import Fault, NotFound
from couch.names import RESEARCH
from webapp.translation import gettext

Format = Literal["ndjson", "json", "csv"]
FORMATS: tuple[Format, ...] = ("ndjson", "json", "csv")
_PSEUDONYM = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Slots from `start_at` up to, but without, `end_at` (UTC); `household`: a pseudonym, None: all."""

    start_at: datetime
    end_at: datetime
    household: str | None
    format: Format

    @property
    def first(self) -> str:
        """The beginning as people give it: a day, or an instant inside one."""
        return _in_short(self.start_at)

    @property
    def end(self) -> str:
        """The end as people give it."""
        return _in_short(self.end_at)

    def share_done(self, slot: datetime) -> float:
        """How much of the time range lies before `slot`, 0 to 1."""
        return (slot - self.start_at) / (self.end_at - self.start_at)


def parse_request(first: str, end: str, household: str | None, wanted: str) -> ExportRequest:
    """A request from what people typed: days, or instants such as 2026-01-31T06:00:00Z. Raises Fault."""
    start, stop = _moment("from", first), _moment("to", end)
    if start > stop:
        raise Fault(
            gettext(
                "the export ends on %(stop)s, before it begins on %(start)s: exchange the two days",
                start=_in_short(start),
                stop=_in_short(stop),
            )
        )
    if start == stop:
        raise Fault(
            gettext(
                "the export from %(start)s to %(stop)s holds no day: `to` is the day after the last one, "
                "so give a later one",
                start=_in_short(start),
                stop=_in_short(stop),
            )
        )
    pseudonym = (household or "").strip() or None
    if pseudonym is not None and not _PSEUDONYM.fullmatch(pseudonym):
        raise Fault(
            gettext(
                "the household %(name)s is no pseudonym: it has 32 digits from 0-9 and a-f, "
                "as in the column `household` of an export of all households",
                name=repr(pseudonym),
            )
        )
    if wanted not in FORMATS:
        raise Fault(
            gettext(
                "the format %(name)s is unknown: choose one of %(formats)s",
                name=repr(wanted),
                formats=", ".join(FORMATS),
            )
        )
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
            gettext(
                "the CouchDB at %(url)s holds no database `%(name)s`: "
                "check the address, or set the centre up with `survey centre init`",
                url=server.url,
                name=RESEARCH,
            )
        ) from err
    if found is None:
        raise Fault(
            gettext(
                "no household has the pseudonym %(name)s: "
                "leave the household out to export all, and take one from the column `household`",
                name=request.household,
            )
        )


def _moment(name: str, text: str) -> datetime:
    text = text.strip()
    try:
        if "T" in text:
            return from_rfc3339(text)
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise Fault(
            gettext(
                "`%(name)s` is %(text)s: it takes a day such as 2026-01-31, "
                "or an instant in UTC such as 2026-01-31T06:00:00Z",
                name=name,
                text=repr(text),
            )
        ) from None


def _in_short(moment: datetime) -> str:
    return str(moment.date()) if moment.time() == time() else to_rfc3339(moment)
