"""The pseudonymous measurements and gaps of all households. This module alone knows that they lie in months.

A month is the UTC month of a measurement's slot, or of a gap's first slot (design section 5). Ids begin with
the slot, so a range of time is a range of ids. Half-open ranges everywhere: `start` belongs to it, `end` not.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from couch.bootstrap import closed_security, ensure_database
from couch.client import Database, Server
from couch.document_content import same_content
from couch.documents import Json, ResearchGap, ResearchMeasurement, stamp
from couch.errors import NotFound
from couch.names import ANALYST, RESEARCHER, WORKER, month_database
from couch.research_pages import month_starts

DESIGN = "research"
_PIECE = 1000  # documents in one request
R = TypeVar("R", ResearchMeasurement, ResearchGap)


@dataclass(frozen=True, slots=True)
class Written:
    """What became of documents: those not named here are stored, now or before.

    `differing`: other content stands under the id and stays. `refused`: (id, reason), worth another try.
    """

    differing: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Lacking:
    """Ids of documents that research does not hold, and of those that say something else there."""

    absent: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DayCounter:
    """One counter of a meter on one UTC day, in Wh as it stood in the first and last of `slots` slots."""

    household: str
    meter: str
    obis: str
    day: date
    first_wh: float
    last_wh: float
    slots: int

    @property
    def energy_wh(self) -> float:
        """What was counted between the day's first and last stored slot."""
        return self.last_wh - self.first_wh


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many of a UTC day's 96 slots are stored for a meter."""

    household: str
    day: date
    meter: str
    slots: int


def ensure_months(admin: Server, moments: Iterable[datetime]) -> None:
    """Make the months that `moments` lie in be there. `admin` is the engine's administrator. Idempotent."""
    for name in sorted({month_database(moment) for moment in moments}):
        ensure_database(admin, name, "month", closed_security((WORKER, RESEARCHER, ANALYST)))


def write_research(server: Server, docs: Sequence[ResearchMeasurement | ResearchGap]) -> Written:
    """Store each document once, in its month; repeating it changes nothing.

    Raises NotFound where a month is not there (see `ensure_months`), CouchError.
    """
    months: dict[str, list[Json]] = defaultdict(list)
    for doc in docs:
        slot = doc.slot if isinstance(doc, ResearchMeasurement) else doc.from_slot
        months[month_database(slot)].append(doc.to_json())
    differing: list[str] = []
    refused: list[tuple[str, str]] = []
    for name, bodies in months.items():
        database = server.database(name)
        for at in range(0, len(bodies), _PIECE):
            piece = bodies[at : at + _PIECE]
            stands: dict[str, Json] = {}
            for body, result in zip(piece, database.bulk(piece), strict=True):
                if result.error == "conflict":
                    stands[body["_id"]] = body
                elif result.error is not None:
                    refused.append((body["_id"], result.reason or result.error))
            differing += _differing(database, stands)
    return Written(tuple(differing), tuple(refused))


def lacking(server: Server, docs: Sequence[ResearchMeasurement | ResearchGap]) -> Lacking:
    """Of `docs` those that research does not hold as they are, each compared with what stands there."""
    months: dict[str, dict[str, Json]] = defaultdict(dict)
    for doc in docs:
        slot = doc.slot if isinstance(doc, ResearchMeasurement) else doc.from_slot
        months[month_database(slot)][doc.id] = doc.to_json()
    absent: list[str] = []
    differing: list[str] = []
    for name, bodies in months.items():
        try:
            stored = {doc["_id"]: doc for doc in server.database(name).documents(keys=list(bodies))}
        except NotFound:
            stored = {}
        for doc_id, body in bodies.items():
            if doc_id not in stored:
                absent.append(doc_id)
            elif not same_content(stored[doc_id], body):
                differing.append(doc_id)
    return Lacking(tuple(absent), tuple(differing))


def stored_twin(
    server: Server, wanted: ResearchMeasurement | ResearchGap
) -> ResearchMeasurement | ResearchGap | None:
    """What stands under the id of `wanted`, without its revision; None where nothing does."""
    slot = wanted.slot if isinstance(wanted, ResearchMeasurement) else wanted.from_slot
    try:
        found = server.database(month_database(slot)).find(wanted.id)
    except NotFound:
        return None
    if found is None:
        return None
    return type(wanted).from_json({key: value for key, value in found.items() if key != "_rev"})


def measurements(
    server: Server, start: datetime, end: datetime, *, after: str | None = None
) -> Iterator[ResearchMeasurement]:
    """The measurements of the slots in [start, end), in the order of their ids: slot, then meter.

    `after`: only ids above this one (an export that goes on after an interruption). Constant memory.
    """
    return _range(server, ResearchMeasurement, start, end, after)


def gaps(
    server: Server, start: datetime, end: datetime, *, after: str | None = None
) -> Iterator[ResearchGap]:
    """The gaps whose first slot lies in [start, end), in the order of their ids."""
    return _range(server, ResearchGap, start, end, after)


def day_counters(
    server: Server, start: datetime, end: datetime, *, household: str | None = None
) -> Iterator[DayCounter]:
    """The counters of each day that begins in [start, end), month by month; `household` is a pseudonym."""
    for database in _months(server, start, end):
        for row in database.view(DESIGN, "counters_by_meter_day", group=True, **_below(household)):
            pseudonym, meter, obis, text = row.key
            if _in_days(text, start, end):
                stats = row.value
                yield DayCounter(
                    pseudonym,
                    meter,
                    obis,
                    date.fromisoformat(text),
                    stats["min"],
                    stats["max"],
                    stats["count"],
                )


def completeness(
    server: Server, start: datetime, end: datetime, *, household: str | None = None
) -> Iterator[Completeness]:
    """The stored slots of each meter and day in [start, end), month by month; `household` is a pseudonym."""
    for database in _months(server, start, end):
        for row in database.view(DESIGN, "slots_by_household_day", group=True, **_below(household)):
            pseudonym, text, meter = row.key
            if _in_days(text, start, end):
                yield Completeness(pseudonym, date.fromisoformat(text), meter, row.value)


def _differing(database: Database, wanted: dict[str, Json]) -> list[str]:
    stored = {doc["_id"]: doc for doc in database.documents(keys=list(wanted))} if wanted else {}
    return [
        doc_id
        for doc_id, body in wanted.items()
        if doc_id not in stored or not same_content(stored[doc_id], body)
    ]


def _months(server: Server, start: datetime, end: datetime) -> list[Database]:
    """Those that are there. Each is asked for: only the engine's administrator may list databases."""
    months = (server.database(month_database(month)) for month in month_starts(start, end))
    return [database for database in months if database.exists()]


def _range(server: Server, model: type[R], start: datetime, end: datetime, after: str | None) -> Iterator[R]:
    prefix = "measurement:" if model is ResearchMeasurement else "gap:"
    low, high = prefix + stamp(start), prefix + stamp(end)  # every id of the slot `end` is above `high`
    begin = low if after is None else max(low, after)
    for database in _months(server, start, end):
        for doc in database.documents(start=begin, end=high):
            if doc["_id"] != after:
                yield model.from_json(doc)


def _below(household: str | None) -> dict[str, list[object]]:
    return {} if household is None else {"start_key": [household], "end_key": [household, {}]}


def _in_days(text: str, start: datetime, end: datetime) -> bool:
    return f"{start:%Y-%m-%d}" <= text and f"{text}T00:00:00Z" < stamp(end)
