"""What the centre knows of an erased household besides its database, forgotten (design 7, step 5)."""

from itertools import chain

from anonymizer.compactions import Compactions
from anonymizer.connections import Centre
from anonymizer.parking import parked_ids
from anonymizer.reports import reported_ids
from anonymizer.summaries import erased
from couch.accounts import USERS
from couch.compaction import forget_ancestry, purge_tombstones
from couch.documents import HouseholdSummary, Json
from couch.errors import Conflict, NotFound
from couch.household_accounts import end_accounts
from couch.names import REGISTRY, RESEARCH


def noted_ranges(household: str) -> tuple[tuple[str, str], ...]:
    """From and to which ids stands what the registry notes of the household besides its summary."""
    wish = f"retry:{household}"
    return parked_ids(household), reported_ids(household), (wish, wish)


def clear_registry(centre: Centre, household: str) -> None:
    """No name, email, city, parked document or report, and accounts that may only confirm.

    Raises CouchError.
    """

    def cleared(stored: Json | None) -> Json | None:
        return None if stored is None else erased(HouseholdSummary.from_json(stored)).to_json()

    centre.registry.replace(f"household:{household}", cleared)
    noted = [list(centre.registry.rows(start=start, end=end)) for start, end in noted_ranges(household)]
    for doc_id, rev in chain.from_iterable(noted):
        try:
            centre.registry.delete(doc_id, rev)
        except (Conflict, NotFound):
            continue  # noted once more meanwhile: an erased household's notes say nothing of anybody
    end_accounts(centre.admin, household)


def forget_files(centre: Centre, household: str, pseudonym: str, compactions: Compactions) -> None:
    """Old revisions, tombstones and rows of views are out of the files when this returns.

    `household` is the uuid. Takes as long as the engine compacts. Raises CouchError.
    """
    registry = centre.admin.database(REGISTRY)
    purge_tombstones(registry, tuple(start for start, _ in noted_ranges(household)))
    forget_ancestry(registry, f"household:{household}")
    compactions.compact(registry, f"erasure:{household}")
    research, context = centre.admin.database(RESEARCH), f"context:{pseudonym}"
    if research.find(context) is not None:
        forget_ancestry(research, context)
        compactions.compact(research, context)
    users = centre.admin.database(USERS)
    if users.exists():
        compactions.compact(users, None)
