"""Rectification (art. 16 GDPR): new values, and no old value left at the centre.

1. The new values are written into the household's database; nothing is, where one of them is wrong.
2. The worker brings them into the registry and into research.
3. There the old revisions lose their ancestry too; in the household's database it stays, since the devices'
   replicas continue it, but rivals with other values go.
4. All three databases are compacted and their views brought up to date; it returns when that has ended.

Done again with the same file it does the rest of what an interruption left.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from couch.client import Database, Server
from couch.compaction import forget_ancestry
from couch.documents import Json
from couch.errors import BadDocument, Conflict, Fault, NotFound, Unreachable
from couch.names import REGISTRY, RESEARCH, household_database
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
    name = household_database(household)
    if not admin.database(name).exists():
        raise Fault(f"there is no household {household}. Take its uuid from the list of households.")
    if is_remade(admin, household):
        raise Fault(f"the household {household} was erased: there is nothing left to correct.")
    database = worker.database(name)
    wanted = _checked(database, changes)
    written = []
    for doc_id, change in changes.items():
        before = wanted[doc_id]
        if corrected(before, change) != before:
            database.replace(doc_id, lambda stored, change=change: corrected(stored or {}, change))  # type: ignore[misc]
            written.append(doc_id)
    anonymizing.visit(household)
    _await_worker(admin.database(REGISTRY), database, within_s)
    _forget_rivals(admin.database(name), changes)
    research, context = admin.database(RESEARCH), f"context:{anonymizing.pseudonyms.household(household)}"
    registry, summary = admin.database(REGISTRY), f"household:{household}"
    for place, doc_id in ((registry, summary), (research, context)):
        _again(lambda place=place, doc_id=doc_id: forget_ancestry(place, doc_id))  # type: ignore[misc]
    for place in (admin.database(name), registry, research):
        compact_whole(place)
    email = "email" in changes.get("registration", {}).get("contact", {})
    return Corrected(tuple(written), email and "registration" in written)


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


def _forget_rivals(database: Database, changes: dict[str, Json]) -> None:
    for doc_id in changes:
        winner = database.get(doc_id)["_rev"]
        others = [leaf["_rev"] for leaf in database.leaves(doc_id) if leaf["_rev"] != winner]
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
