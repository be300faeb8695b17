"""Participants' reports of mistakes, noted in `registry` so that researchers have one list of all of them.

Only that there is one: its text stays in the household's database, where the page that shows it reads it, and
goes with that. What a researcher noted is never overwritten, however often the feed is read.
"""

from collections.abc import Iterable

from couch.client import Database
from couch.documents import Json, Report, Reported


def note_reports(registry: Database, household: str, reports: Iterable[Report]) -> None:
    """Each report of the household is in the registry when this returns. Raises CouchError."""
    for report in reports:
        noted = Reported(household=household, report=report.report, at=report.at).to_json()

        def change(stored: Json | None, noted: Json = noted) -> Json | None:
            return noted if stored is None else None

        registry.replace(noted["_id"], change)


def reported_ids(household: str) -> tuple[str, str]:
    """Below and above all ids of what is noted of the household's reports."""
    prefix = f"reported:{household}:"
    return prefix, f"{prefix}\ufff0"
