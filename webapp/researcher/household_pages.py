"""Pages of the list of households, paged by key: a place is the household beside it, no number of rows.

Without filters a page is a range of its column's view. What no view of `registry` sorts by (completeness),
and whatever is filtered, is sorted in the copy in memory, in the same order.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from couch.client import Database
from couch.documents import HouseholdSummary
from couch.errors import BadDocument
from webapp.registry_copy import Snapshot
from webapp.researcher.columns import Column, Recent, order
from webapp.researcher.list_query import ListQuery

PAGE = 50
_DESIGN = "registry"


@dataclass(frozen=True, slots=True)
class HouseholdPage:
    """Some households in order. `before`, `after`: those that the neighbouring pages end or begin beside;
    None: there is no such page. `matching`: how many the whole list has, where that is known.
    """

    households: tuple[HouseholdSummary, ...]
    before: str | None = None
    after: str | None = None
    unreadable: tuple[str, ...] = ()  # ids of summaries that break their model
    matching: int | None = None


def page_of_view(
    registry: Database, copy: Snapshot, query: ListQuery, place: HouseholdSummary | None
) -> HouseholdPage:
    """A page in the order of the column's view; `place`: the household named by `after` or `before`.

    The view says which households in which order; what they are like comes from the copy, which spares the
    database the reading of fifty documents.
    """
    backwards = query.before is not None and place is not None
    params: dict[str, Any] = {"descending": query.descending != backwards, "limit": PAGE + 2}
    if place is not None:
        params |= {"start_key": query.column.key(place, None), "start_key_doc_id": place.id}
    ids = [str(row.id) for row in registry.view(_DESIGN, str(query.column.view), **params)]
    if place is not None and ids and ids[0] == place.id:
        del ids[0]  # the place itself belongs to the page that one comes from
    more = len(ids) > PAGE
    shown = ids[:PAGE][::-1] if backwards else ids[:PAGE]
    earlier = more if backwards else place is not None
    later = True if backwards else more
    households, unreadable = households_of(shown, registry, copy)
    ends = [name.removeprefix("household:") for name in shown]
    return HouseholdPage(
        households,
        before=ends[0] if earlier and ends else None,
        after=ends[-1] if later and ends else None,
        unreadable=unreadable,
    )


def households_of(
    ids: Sequence[str], registry: Database, copy: Snapshot
) -> tuple[tuple[HouseholdSummary, ...], tuple[str, ...]]:
    """The summaries of these ids, in their order, and the ids of those that break their model.

    Those that the copy does not know yet are read.
    """
    known = copy.summaries
    missing = [
        name for name in ids if name.removeprefix("household:") not in known and name not in copy.unreadable
    ]
    read: dict[str, HouseholdSummary] = {}
    unreadable = [name for name in ids if name in copy.unreadable]
    for doc in registry.documents(keys=missing) if missing else ():
        try:
            read[doc["_id"]] = HouseholdSummary.from_json(doc)
        except BadDocument:
            unreadable.append(doc["_id"])
    found = (read.get(name) or known.get(name.removeprefix("household:")) for name in ids)
    return tuple(one for one in found if one is not None), tuple(unreadable)


@dataclass(frozen=True, slots=True)
class SortedHouseholds:
    """All households by one column, upwards. `places` and `households` go together."""

    source: Mapping[str, HouseholdSummary]
    recent: Recent
    places: Sequence[tuple[bytes, str]]
    households: Sequence[HouseholdSummary]


@dataclass(slots=True)
class SortedCopy:
    """The copy in the orders that were asked for last. Threads share it and at worst sort the same twice.

    Most households stay as they were from one state of the copy to the next, and so do their places.
    """

    _known: dict[str, SortedHouseholds] = field(default_factory=dict)

    def of(self, column: Column, source: Mapping[str, HouseholdSummary], recent: Recent) -> SortedHouseholds:
        """`source` and `recent` are frozen states."""
        known = self._known.get(column.name)
        if known is None or known.source is not source or known.recent is not recent:
            known = self._known[column.name] = _sorted(column, source, recent, known)
        return known


def _sorted(
    column: Column, source: Mapping[str, HouseholdSummary], recent: Recent, before: SortedHouseholds | None
) -> SortedHouseholds:
    kept: dict[int, tuple[bytes, str]] = {}  # by the identity of summaries, which `before` keeps alive
    if before is not None and (before.recent is recent or column.name != "complete"):
        kept = dict(zip(map(id, before.households), before.places, strict=True))
    placed = [(kept.get(id(one)) or order(column, one, recent), one) for one in source.values()]
    placed.sort(key=lambda pair: pair[0])
    return SortedHouseholds(source, recent, [place for place, _ in placed], [one for _, one in placed])


def page_of_copy(
    found: SortedHouseholds,
    query: ListQuery,
    place: tuple[bytes, str] | None,
    tests: Iterable[Callable[[HouseholdSummary], bool]],
) -> HouseholdPage:
    """A page of those that pass all tests; `place`: that of the household named by `after` or `before`."""
    places, households = found.places, found.households
    passed = list(range(len(households)))
    for test in tests:  # each over those that are left
        passed = [index for index in passed if test(households[index])]
    if query.descending:
        passed.reverse()
    start, end = 0, PAGE
    if place is not None:
        left, right = bisect_left(places, place), bisect_right(places, place)
        if query.descending:
            below = sum(1 for index in passed if index >= right)
            upto = sum(1 for index in passed if index >= left)
        else:
            below = sum(1 for index in passed if index < left)
            upto = sum(1 for index in passed if index < right)
        start, end = (max(below - PAGE, 0), below) if query.before else (upto, upto + PAGE)
    shown = tuple(households[index] for index in passed[start:end])
    return HouseholdPage(
        shown,
        before=shown[0].household if shown and start > 0 else None,
        after=shown[-1].household if shown and end < len(passed) else None,
        matching=len(passed),
    )
