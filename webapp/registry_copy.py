"""A copy of the registry in memory, kept up to date by its changes feed, for pages over all households.

CouchDB answers nothing that looks at 10,000 documents within the time of a page; reading what changed since
a moment ago costs milliseconds. One copy serves all threads of the pages.

Algorithm: the copy is a frozen `Snapshot`; a refresh reads `_changes` from where the last one ended and puts
a new snapshot in its place, so that whoever reads one sees one state. It begins anew where the database is
another one than before (`instance_start_time`), or an older state of it (its sequence went back).
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

import msgspec

from couch.client import Change, Database, Server
from couch.documents import DeviceSummary, Document, Erasure, HouseholdSummary, Parked
from couch.errors import BadDocument, CouchError, Unreachable
from couch.names import REGISTRY
from couch.worker_progress import instance_of

_log = logging.getLogger(__name__)
EVERY_S = 3.0  # real seconds that a copy is good for
_OLDEST_S = 60.0  # nobody is shown an older one, even while the database does not answer
_WAIT_S = 15.0  # for another thread's reading; threads of a hanging database would pile up
_BATCH = 1000
_MODELS: Mapping[str, type[Document]] = {
    "household": HouseholdSummary,
    "parked": Parked,
    "erasure": Erasure,
}
D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the registry. `version` counts the states of this process: derived values hold for one.

    `summaries` and `erasures` by household, `parked` by document id; `unreadable`: ids of documents of these
    kinds that break their model, with the reason.
    """

    version: int = 0
    summaries: Mapping[str, HouseholdSummary] = field(default_factory=dict)
    parked: Mapping[str, Parked] = field(default_factory=dict)
    erasures: Mapping[str, Erasure] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Place:
    """How far the feed was read: `seq` counts in the incarnation `instance` of the database."""

    instance: str
    seq: str = "0"


class RegistryCopy:
    """`server` gives the calling thread's connection; `monotonic` real seconds."""

    def __init__(
        self,
        server: Callable[[], Server],
        *,
        every_s: float = EVERY_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server, self._every_s, self._monotonic = server, every_s, monotonic
        self._lock = threading.Lock()  # held by the one thread that reads the feed
        self._place: _Place | None = None
        self._docs: dict[str, Document] = {}
        self._unreadable: dict[str, str] = {}
        self._shared_versions: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        self._snapshot: Snapshot | None = None
        self._version = 0
        self._changed = True  # since the snapshot was made
        self._read_at = 0.0

    def summaries(self) -> Mapping[str, HouseholdSummary]:
        """Every household's summary, by household; at most some seconds old. Raises CouchError."""
        return self.snapshot().summaries

    def snapshot(self) -> Snapshot:
        """A state at most some seconds old; older, but not much, only while another thread is reading.

        Raises CouchError.
        """
        known = self._snapshot
        age_s = self._monotonic() - self._read_at
        if known is not None and age_s < self._every_s:
            return known
        if known is None or age_s > _OLDEST_S:
            return self.refresh()  # whoever comes first reads, the others wait for it
        if not self._lock.acquire(blocking=False):
            return known
        try:
            return self._refresh()
        finally:
            self._lock.release()

    def refresh(self) -> Snapshot:
        """The state of now, for whoever has just changed something. Raises CouchError."""
        asked_at = self._monotonic()
        if not self._lock.acquire(timeout=_WAIT_S):
            raise Unreachable("the registry is still being read; try again in a moment.")
        try:
            if self._snapshot is not None and self._read_at > asked_at:
                return self._snapshot  # it was read while this thread waited
            return self._refresh()
        finally:
            self._lock.release()

    def keep(self, stop: threading.Event, then: Callable[[], object] = lambda: None) -> None:
        """Refresh until `stop` is set: the work of a thread, so that no page waits for the first reading.

        `then` prepares what pages make of it.
        """
        failed = False
        while not stop.is_set():
            try:
                self.refresh()
                then()
            except CouchError as err:
                if not failed:  # said once, the pages say it themselves
                    _log.warning("the registry could not be read: %s It is tried again and again.", err)
                failed = True
            else:
                failed = False
            stop.wait(self._every_s * 0.8)

    # --- reading, by one thread at a time

    def _refresh(self) -> Snapshot:
        began = self._monotonic()
        registry = self._server().database(REGISTRY)
        instance = instance_of(registry.info())
        if self._place is None or self._place.instance != instance:
            self._begin(instance)
        self._read(registry)
        if self._snapshot is None or self._changed:
            self._snapshot = self._frozen()
            self._changed = False
        self._read_at = began
        return self._snapshot

    def _begin(self, instance: str) -> _Place:
        self._place = _Place(instance)
        self._docs, self._unreadable, self._shared_versions = {}, {}, {}
        self._snapshot = None
        return self._place

    def _read(self, registry: Database) -> None:
        place = self._place or _Place("")
        while True:
            batch = registry.changes(place.seq, limit=_BATCH)
            if _number(batch.last_seq) < _number(place.seq):
                place = self._begin(place.instance)
                continue
            self._take(batch.changes)
            self._place = place = _Place(place.instance, batch.last_seq)
            if not batch.pending:
                return

    def _take(self, changes: Iterable[Change]) -> None:
        for change in changes:
            model = _MODELS.get(change.id.partition(":")[0])
            if model is None:
                continue
            self._changed = True
            self._docs.pop(change.id, None)
            self._unreadable.pop(change.id, None)
            if change.deleted or change.doc is None:
                continue
            try:
                self._docs[change.id] = self._frugal(model.from_json(change.doc))
            except BadDocument as err:
                self._unreadable[change.id] = f"{err.field}: {err.reason}"

    def _frugal(self, doc: Document) -> Document:
        """The same with equal tables of versions shared: thousands of devices run the same ones."""
        if not isinstance(doc, HouseholdSummary) or not doc.devices:
            return doc
        return msgspec.structs.replace(doc, devices=tuple(self._shared(device) for device in doc.devices))

    def _shared(self, device: DeviceSummary) -> DeviceSummary:
        key = tuple(sorted(device.versions.items()))
        return msgspec.structs.replace(
            device, versions=self._shared_versions.setdefault(key, device.versions)
        )

    def _frozen(self) -> Snapshot:
        self._version += 1
        return Snapshot(
            version=self._version,
            summaries=MappingProxyType({one.household: one for one in self._of(HouseholdSummary)}),
            parked=MappingProxyType({one.id: one for one in self._of(Parked)}),
            erasures=MappingProxyType({one.household: one for one in self._of(Erasure)}),
            unreadable=MappingProxyType(dict(self._unreadable)),
        )

    def _of(self, model: type[D]) -> Iterable[D]:
        return (doc for doc in self._docs.values() if isinstance(doc, model))


def _number(seq: str) -> int:
    """How many updates a sequence counts, by which CouchDB's begin; 0 for one that does not."""
    number = seq.partition("-")[0]
    return int(number) if number.isascii() and number.isdigit() else 0
