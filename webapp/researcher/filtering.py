"""Which households pass the filters of the list: pure, over the copy of the registry in memory."""

import unicodedata
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from couch.documents import ConsentState, HouseholdSummary
from webapp.researcher.completeness import RecentSlots, share
from webapp.researcher.list_query import Filters
from webapp.researcher.standing import is_late

Passes = Callable[[HouseholdSummary], bool]


@lru_cache(maxsize=4096)  # a filter asks it of the city of every household
def folded(text: str) -> str:
    """`text` without case, umlauts and accents, single spaces between its words."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in apart if not unicodedata.combining(letter)).split())


def tests_of(filters: Filters, now: datetime, recent: RecentSlots | None) -> list[Passes]:
    """What a household has to pass, a test for each filter that is set, quick ones first."""
    tests: list[Passes] = []
    if filters.consent:
        state = ConsentState(filters.consent)
        tests.append(lambda one: one.consent is state)
    if filters.late:
        tests.append(lambda one: is_late(one, now))
    if filters.without_device:
        tests.append(lambda one: not one.devices)
    if filters.refused:
        tests.append(lambda one: any(device.refused for device in one.devices))
    if filters.erased:
        erased = filters.erased == "yes"
        tests.append(lambda one: one.erased is erased)
    if filters.city:
        part = folded(filters.city)
        tests.append(lambda one: part in folded(one.city or ""))
    if filters.below is not None:
        most = filters.below / 100
        tests.append(lambda one: _below(share(one, recent), most))
    return tests


def _below(complete: float | None, most: float) -> bool:
    return complete is not None and complete < most
