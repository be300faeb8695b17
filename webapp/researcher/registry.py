"""Single things of the registry that the researchers' pages read."""

from collections import Counter
from collections.abc import Iterable

from couch.client import Database
from couch.documents import ConsentState, HouseholdSummary


def count_by_consent(households: Iterable[HouseholdSummary]) -> dict[ConsentState, int]:
    """How many are in each state."""
    counts = Counter(one.consent for one in households)
    return {state: counts[state] for state in ConsentState}


def read_household(registry: Database, household: str) -> HouseholdSummary | None:
    """The summary of one household, None where there is none. Raises BadDocument."""
    doc = registry.find(f"household:{household}")
    return None if doc is None else HouseholdSummary.from_json(doc)
