"""Single things of the registry that the researchers' pages read."""

from collections import Counter
from collections.abc import Iterable, Iterator

from couch.client import Database
from couch.documents import ConsentState, HouseholdSummary, Parked


def count_by_consent(households: Iterable[HouseholdSummary]) -> dict[ConsentState, int]:
    """How many are in each state."""
    counts = Counter(one.consent for one in households)
    return {state: counts[state] for state in ConsentState}


def read_household(registry: Database, household: str) -> HouseholdSummary | None:
    """The summary of one household, None where there is none. Raises BadDocument."""
    doc = registry.find(f"household:{household}")
    return None if doc is None else HouseholdSummary.from_json(doc)


def read_parked(registry: Database, household: str) -> Iterator[Parked]:
    """Documents of the household that the worker could not take on."""
    prefix = f"parked:{household}:"
    for doc in registry.documents(start=prefix, end=f"{prefix}\ufff0"):
        yield Parked.from_json(doc)
