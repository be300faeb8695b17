"""Rectification (art. 16 GDPR): new values, and no old value left at the centre.

1. The new values are written into the household's database; nothing is, where one of them is wrong.
2. The worker brings them into the registry and into research.
3. There the old revisions lose their ancestry too; in the household's database it stays, since the devices'
   replicas continue it, but rivals with other values go.
4. All three databases are compacted and their views brought up to date; it returns when that has ended.

Done again with the same file it does the rest of what an interruption left.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from couch.client import Database, Server
from couch.compaction import forget_ancestry
from couch.documents import Json
from couch.errors import BadDocument, Conflict, Fault, NotFound, Unreachable
from couch.names import REGISTRY, RESEARCH, household_database
from couch.registering import ChangedMeanwhile
from couch.remaking import is_remade
from couch.research_erasure import compact_whole
from couch.worker_progress import instance_of, load_progress
from provisioning.rights.anonymizing import Anonymizing
from provisioning.rights.correction_file import corrected

WITHIN_S = 600.0
_LOOK_EVERY_S = 0.1
_TRIES = 10
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Corrected:
    """`documents`: ids of those that say something else now; of the rest the old values went before."""

    documents: tuple[str, ...]
    email_changed: bool


def correct_household(
    household: str,
    changes: dict[str, Json],
    *,
    admin: Server,
    worker: Server,
    anonymizing: Anonymizing,
    within_s: float = WITHIN_S,
) -> Corrected:
    """Raises Fault (unknown or erased household, a value that cannot be, no worker in time), CouchError."""
    done = write_corrections(household, changes, admin=admin, worker=worker)
    forget_old_values(
        household, changes, admin=admin, worker=worker, anonymizing=anonymizing, within_s=within_s
    )
    return done


def write_corrections(
    household: str,
    changes: dict[str, Json],
    *,
    removed: Iterable[str] = (),
    admin: Server,
    worker: Server,
    revs: Mapping[str, str] = MappingProxyType({}),
) -> Corrected:
    """Step 1. `revs`: the revisions from which the changes were worked out; of others any is taken.

    `removed`: documents of what the household never had; a bare tombstone takes their place.

    Raises ChangedMeanwhile, Fault (unknown or erased household, a value that cannot be), CouchError.
    """
    name = household_database(household)
    if not admin.database(name).exists():
        raise Fault(f"there is no household {household}. Take its uuid from the list of households.")
    if is_remade(admin, household):
        raise Fault(f"the household {household} was erased: there is nothing left to correct.")
    database = worker.database(name)
    wanted = _checked(database, changes)
    others = [doc_id for doc_id, doc in wanted.items() if revs.get(doc_id, doc["_rev"]) != doc["_rev"]]
    if others:
        raise ChangedMeanwhile(tuple(others))
    written = []
    for doc_id, change in changes.items():
        before = wanted[doc_id]
        if corrected(before, change) != before:
            _write(database, doc_id, change, revs.get(doc_id))
            written.append(doc_id)
    for doc_id in removed:
        stored = database.find(doc_id)
        if stored is not None:
            if revs.get(doc_id, stored["_rev"]) != stored["_rev"]:
                raise ChangedMeanwhile((doc_id,))
            database.delete(doc_id, stored["_rev"])
            written.append(doc_id)
    email = "email" in changes.get("registration", {}).get("contact", {})
    return Corrected(tuple(written), email and "registration" in written)


def forget_old_values(
    household: str,
    documents: Iterable[str],
    *,
    admin: Server,
    worker: Server,
    anonymizing: Anonymizing,
    within_s: float = WITHIN_S,
) -> None:
    """Steps 2 to 4 for the documents that were corrected. Raises Fault (no worker in time), CouchError."""
    database = admin.database(household_database(household))
    anonymizing.visit(household)
    _await_worker(admin.database(REGISTRY), worker.database(database.name), within_s)
    _forget_rivals(database, documents)
    research, context = admin.database(RESEARCH), f"context:{anonymizing.pseudonyms.household(household)}"
    registry, summary = admin.database(REGISTRY), f"household:{household}"
    for place, doc_id in ((registry, summary), (research, context)):
        _again(lambda place=place, doc_id=doc_id: forget_ancestry(place, doc_id))  # type: ignore[misc]
    for place in (database, registry, research):
        compact_whole(place)


def _write(database: Database, doc_id: str, change: Json, rev: str | None) -> None:
    def changed(stored: Json | None) -> Json:
        if rev is not None and (stored or {}).get("_rev") != rev:
            raise ChangedMeanwhile((doc_id,))
        return corrected(stored or {}, change)

    database.replace(doc_id, changed)


def _checked(database: Database, changes: dict[str, Json]) -> dict[str, Json]:
    """The documents as they stand, after each change was found to be possible."""
    stands: dict[str, Json] = {}
    faults = []
    for doc_id, change in changes.items():
        doc = database.find(doc_id)
        if doc is None:
            faults.append(f"the household has no {doc_id}")
            continue
        stands[doc_id] = doc
        try:
            corrected(doc, change)
        except BadDocument as err:
            faults.append(f"{doc_id}, {err.field}: {err.reason}")
    if faults:
        raise Fault(f"{'; '.join(faults)}. Nothing was changed.")
    return stands


def _await_worker(registry: Database, database: Database, within_s: float) -> None:
    """Until the worker has read the household's feed to its end."""
    ends = time.monotonic() + within_s
    while True:
        progress = load_progress(registry, database.name.removeprefix("household-"))
        same = progress.instance == instance_of(database.info())
        if same and not database.changes(progress.seq, limit=1, include_docs=False).changes:
            return
        if time.monotonic() >= ends:
            raise Fault(
                "the new values are written, but the worker has not taken them over yet, so old ones may be "
                "left in the registry and in research. See survey anonymizer status, then run this again."
            )
        time.sleep(_LOOK_EVERY_S)


def _forget_rivals(database: Database, documents: Iterable[str]) -> None:
    for doc_id in documents:
        winner = database.find(doc_id)
        if winner is None:
            continue  # it was removed: its tombstone holds nothing, and the devices have yet to see it
        others = [leaf["_rev"] for leaf in database.leaves(doc_id) if leaf["_rev"] != winner["_rev"]]
        if others:
            database.purge({doc_id: others})


def _again(step: Callable[[], T]) -> T:
    """A document that the worker changes at the same moment is taken once more."""
    for attempt in range(_TRIES):
        try:
            return step()
        except (Unreachable, Conflict, NotFound):
            if attempt == _TRIES - 1:
                raise
            time.sleep(_LOOK_EVERY_S)
    raise AssertionError("unreachable")
