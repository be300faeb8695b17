"""Reported mistakes as a list to work through: noted in `registry` by the worker, told by the households.

The text of a report is read from its household's database whenever it is shown, and stands nowhere else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

from couch.client import Database, Server
from couch.documents import HouseholdSummary, Json, Report, Reported
from couch.errors import BadDocument, NotFound
from couch.names import REGISTRY, household_database

PAGE = 10  # each is read from the database of its household
_DESIGN, _VIEW = "registry", "reports_by_time"
State = Literal["open", "done"]


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report as it is shown. `text` None: the household's database does not have it any more."""

    reported: Reported
    text: str | None
    household: HouseholdSummary | None = None


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Reports in order: those to be dealt with from the oldest on, the others from the newest on.

    `after`: `<household>:<report>` of the one that the next page follows; None: this is the last.
    """

    reports: tuple[ReportView, ...]
    after: str | None


def count_reports(registry: Database) -> dict[State, int]:
    """How many there are in each state."""
    counts: dict[State, int] = {"open": 0, "done": 0}
    for row in registry.view(_DESIGN, _VIEW, group_level=1):
        counts[row.key[0]] = row.value
    return counts


def read_reports(
    server: Server, households: Mapping[str, HouseholdSummary], state: State, after: str | None
) -> ReportPage:
    """A page of the reports in `state`; `after`: as a page before named it. Raises CouchError."""
    registry = server.database(REGISTRY)
    newest_first = state == "done"
    low: list[Any] = [state]
    high: list[Any] = [state, {}]
    params: dict[str, Any] = {
        "start_key": high if newest_first else low,
        "end_key": low if newest_first else high,
        "descending": newest_first,
    }
    place = None if after is None else registry.find(f"reported:{after}")
    if place is not None and (state == "done") is (place.get("done_at") is not None):
        params |= {"start_key": [state, place["at"]], "start_key_doc_id": place["_id"]}
    else:
        place = None
    rows = list(registry.view(_DESIGN, _VIEW, reduce=False, include_docs=True, limit=PAGE + 2, **params))
    if place is not None and rows and rows[0].id == place["_id"]:
        del rows[0]
    shown = _readable(row.doc for row in rows[:PAGE] if row.doc is not None)
    views = tuple(ReportView(one, read_text(server, one), households.get(one.household)) for one in shown)
    last = rows[PAGE - 1].id if len(rows) > PAGE else None
    return ReportPage(views, None if last is None else last.removeprefix("reported:"))


def reports_of_household(server: Server, household: str) -> tuple[ReportView, ...]:
    """All reports of a household that the registry knows, oldest first."""
    prefix = f"reported:{household}:"
    docs = server.database(REGISTRY).documents(start=prefix, end=f"{prefix}\ufff0")
    found = sorted(_readable(docs), key=lambda one: one.at)
    return tuple(ReportView(one, read_text(server, one)) for one in found)


def read_text(server: Server, reported: Reported) -> str | None:
    """What the participant wrote; None where it cannot be read any more."""
    try:
        doc = server.database(household_database(reported.household)).find(f"report:{reported.report}")
        return None if doc is None else Report.from_json(doc).text
    except (NotFound, BadDocument):
        return None


def mark_done(
    registry: Database, household: str, report: str, *, account: str, role: str, note: str, at: datetime
) -> bool:
    """Write down that the report was dealt with; False where there is none, or somebody was first.

    Raises CouchError.
    """

    def change(stored: Json | None) -> Json | None:
        reported = None if stored is None else Reported.from_json(stored)
        if reported is None or reported.done_at is not None:
            return None
        done = msgspec.structs.replace(reported, done_at=at, done_by=account, done_as=role, note=note)
        return done.to_json()

    return registry.replace(f"reported:{household}:{report}", change) is not None


def reopen(registry: Database, household: str, report: str) -> bool:
    """It is to be dealt with again, its note stays; False where there is none, or it is open."""

    def change(stored: Json | None) -> Json | None:
        reported = None if stored is None else Reported.from_json(stored)
        if reported is None or reported.done_at is None:
            return None
        return msgspec.structs.replace(reported, done_at=None, done_by=None, done_as=None).to_json()

    return registry.replace(f"reported:{household}:{report}", change) is not None


def _readable(docs: Iterable[Json]) -> list[Reported]:
    found = []
    for doc in docs:
        try:
            found.append(Reported.from_json(doc))
        except BadDocument:
            continue
    return found
