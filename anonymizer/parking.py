"""Documents that the worker cannot take: kept by name and reason in `registry`, so that the rest goes on."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from anonymizer.metrics import Metrics
from couch.client import Database
from couch.clock import Clock
from couch.documents import Parked, utc
from couch.documents.fields import Json
from couch.errors import BadDocument, Conflict, NotFound

ERASURE = "erasure"  # in place of a document's id: why a revocation stands still


class Parks(Protocol):
    """Notes documents that cannot be taken."""

    def park(self, registry: Database, household: str, document: str, rev: str, reason: str) -> None: ...

    def release(self, registry: Database, household: str, document: str) -> None: ...

    def tried_enough(self, household: str, document: str) -> bool: ...


class Parking:
    """Parks documents of all households; used by several threads, each with its own `registry` handle."""

    def __init__(self, clock: Clock, metrics: Metrics, tries: int) -> None:
        self._clock = clock
        self._metrics = metrics
        self._tries = tries
        self._lock = threading.Lock()
        self._failed: Counter[tuple[str, str]] = Counter()

    def park(self, registry: Database, household: str, document: str, rev: str, reason: str) -> None:
        """Note it. The same revision with the same reason is noted once, with the time of the first."""
        parked = Parked(
            household=household,
            document=document,
            document_rev=rev,
            reason=reason,
            at=utc(self._clock.now()),
        )

        def change(stored: Json | None) -> Json | None:
            return None if _says_the_same(stored, parked) else parked.to_json()

        if registry.replace(parked.id, change) is not None:
            self._metrics.add("parked")

    def release(self, registry: Database, household: str, document: str) -> None:
        """The document was taken after all, for example since it was corrected."""
        noted = registry.find(f"parked:{household}:{document}")
        if noted is not None:
            try:
                registry.delete(noted["_id"], noted["_rev"])
            except (Conflict, NotFound):
                return  # it was noted anew, or released by another

    def tried_enough(self, household: str, document: str) -> bool:
        """Count a failure of the document; whether it has had all its tries."""
        with self._lock:
            self._failed[household, document] += 1
            enough = self._failed[household, document] >= self._tries
            if enough:
                del self._failed[household, document]
            return enough


@dataclass(slots=True)
class LastTry:
    """Parking for documents that an administrator wants tried once more: each has one try, and is noted."""

    parking: Parking
    parked: set[str] = field(default_factory=set)  # those that could not be taken this time either

    def park(self, registry: Database, household: str, document: str, rev: str, reason: str) -> None:
        self.parked.add(document)
        self.parking.park(registry, household, document, rev, reason)

    def release(self, registry: Database, household: str, document: str) -> None:
        self.parking.release(registry, household, document)

    def tried_enough(self, household: str, document: str) -> bool:
        return True


def parked_ids(household: str) -> tuple[str, str]:
    """Below and above all ids of what is parked of the household."""
    prefix = f"parked:{household}:"
    return prefix, f"{prefix}\ufff0"


def _says_the_same(stored: Json | None, parked: Parked) -> bool:
    if stored is None:
        return False
    try:
        before = Parked.from_json(stored)
    except BadDocument:
        return False
    return (before.document_rev, before.reason) == (parked.document_rev, parked.reason)
