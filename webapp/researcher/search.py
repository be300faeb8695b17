"""Looking households up by the beginning of a name's word, a city, a pseudonym or an identifier.

The answer has no address: a name in one would stay in histories, logs and proxies.
"""

import re
from dataclasses import dataclass
from typing import Any

from couch.client import Database
from couch.documents import HouseholdSummary
from webapp.registry_copy import Snapshot
from webapp.researcher.filtering import folded
from webapp.researcher.household_pages import PAGE, households_of

LONGEST = 200
_DESIGN, _VIEW = "registry", "households_by_text"
_EXACT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Place:
    """The row of the view that a page begins with."""

    key: str
    document: str


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what begins so, each household once, in the order of what was found."""

    households: tuple[HouseholdSummary, ...] = ()
    following: Place | None = None  # where the next page begins; None: this is the last


def find_households(registry: Database, copy: Snapshot, text: str, place: Place | None = None) -> Found:
    """A page of the households that anything begins with `text` of, from `place` on. Raises CouchError.

    Case, umlauts and accents are passed over: the lowest key that begins so is the folded text, since
    CouchDB's collation looks at those only where the letters are the same.
    """
    low = folded.__wrapped__(text[:LONGEST])  # no name is remembered
    if not low:
        return Found()
    start: dict[str, Any] = {"start_key": low}
    if place is not None:
        start = {"start_key": place.key, "start_key_doc_id": place.document}
    rows = list(registry.view(_DESIGN, _VIEW, end_key=f"{low}\ufff0", limit=PAGE + 1, **start))
    once = list(dict.fromkeys(str(row.id) for row in rows[:PAGE]))
    households, _ = households_of(once, registry, copy)
    following = Place(str(rows[PAGE].key), str(rows[PAGE].id)) if len(rows) > PAGE else None
    return Found(households, following)


def is_identifier(text: str) -> bool:
    """Whether `text` is a whole uuid or pseudonym, so that its household can be opened at once."""
    return _EXACT.fullmatch(text.strip().lower()) is not None
