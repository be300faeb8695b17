"""The columns by which the list of households is sorted, each by one view of `registry`.

A column is written down once: the view's key of a household here is what its map function emits, so that a
place in the list is found again from the household alone, and a list sorted in memory has the view's order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from couch.clock import to_rfc3339
from couch.documents import HouseholdSummary
from couch.node.collation import collation_key
from webapp.researcher.completeness import RecentSlots, share

Recent = RecentSlots | None


@dataclass(frozen=True, slots=True)
class Column:
    """`view` None: the registry does not hold what it sorts by, so the copy in memory is sorted."""

    name: str
    view: str | None
    key: Callable[[HouseholdSummary, Recent], Any]


def _last(household: HouseholdSummary, _recent: Recent) -> str | None:
    return None if household.last_slot is None else to_rfc3339(household.last_slot)


COLUMNS: Mapping[str, Column] = MappingProxyType(
    {
        column.name: column
        for column in (
            Column("name", "households_by_name", lambda one, _: [0 if one.name else 1, one.name or None]),
            Column(
                "city",
                "households_by_city",
                lambda one, _: [0 if one.city else 1, one.city or None, one.name or None],
            ),
            Column("consent", "households_by_consent", lambda one, _: [one.consent.value, one.name or None]),
            Column("complete", None, lambda one, recent: [share(one, recent), one.name or None]),
            Column("last", "households_by_last_slot", _last),
            Column("devices", "households_by_devices", lambda one, _: [len(one.devices), one.name or None]),
        )
    }
)
FIRST = COLUMNS["name"]


def order(column: Column, household: HouseholdSummary, recent: Recent) -> tuple[bytes, str]:
    """The household's place in CouchDB's order of the column: by key, then by id."""
    return collation_key(column.key(household, recent)), household.id
