"""Published versions are withdrawn as soon as research says that they hold what they may not any more.

Judged by two kinds of documents of `research`: `withdrawal:<pseudonym>` (the household was erased altogether:
every version that tells of it goes) and `context:<pseudonym>` of a household that revoked (what is told of
its place and installations is blurred since: versions with the older facts go).
"""

import logging
import threading
from collections.abc import Callable, Iterable

from couch.client import Server
from couch.clock import Clock
from couch.database import Database
from couch.documents import ConsentState, Context, Json, utc
from couch.errors import BadDocument, CouchError
from couch.names import RESEARCH
from couch.results import Change
from couch.worker_progress import instance_of
from webapp.analyst.releases.record import ReleaseRecord
from webapp.analyst.releases.store import ReleaseStore

_log = logging.getLogger(__name__)
_BATCH = 1000
_EVERY_S = 5.0  # real seconds between two looks of the thread


class ReleaseWatch:
    """Follows `research`; threads may share it. `server` gives the calling thread's connection."""

    def __init__(self, store: ReleaseStore, server: Callable[[], Server], clock: Clock) -> None:
        self.store, self._server, self._clock = store, server, clock
        self._lock = threading.Lock()
        self._instance, self._seq = "", "0"
        self._erased: set[str] = set()
        self._revoked: set[str] = set()
        # Of each version what stood under its number, and how many had withdrawn when it was judged.
        self._judged: dict[tuple[str, int], tuple[ReleaseRecord, int]] = {}

    def look(self) -> int:
        """Withdraw what has to be; how many versions. What stands afterwards may be handed out.

        Raises CouchError: then nobody knows what may stand.
        """
        with self._lock:
            self._read(self._server().database(RESEARCH))
            known = len(self._erased) + len(self._revoked)
            count = 0
            for record in self.store.standing():
                key = (record.name, record.version)
                if self._judged.get(key) != (record, known):
                    count += self._judge(record)
                    self._judged[key] = record, known
            return count

    def keep(self, stop: threading.Event, every_s: float = _EVERY_S) -> None:
        """Look again and again until `stop` is set: the work of a thread."""
        self.store.tidy()
        while not stop.is_set():
            try:
                self.look()
            except (CouchError, OSError) as err:
                _log.warning("published data sets could not be compared with withdrawals: %s", err)
            stop.wait(every_s)

    def _judge(self, record: ReleaseRecord) -> bool:
        erased = self._erased.intersection(record.households)
        revoked = self._revoked.intersection(record.unblurred) - erased
        if not erased and not revoked:
            return False
        self.store.withdraw(record, utc(self._clock.now()), erased=len(erased), revoked=len(revoked))
        _log.info(
            "version %s of the data set %s was withdrawn: %s households erased, %s revoked",
            record.version,
            record.name,
            len(erased),
            len(revoked),
        )
        return True

    def _read(self, research: Database) -> None:
        instance = instance_of(research.info())
        if instance != self._instance:  # the database was made anew
            self._instance, self._seq = instance, "0"
        while True:
            batch = research.changes(self._seq, limit=_BATCH)
            if _number(batch.last_seq) < _number(self._seq):  # an older state of it was brought back
                self._seq = "0"
                continue
            self._take(batch.changes)
            self._seq = batch.last_seq
            if not batch.pending:
                return

    def _take(self, changes: Iterable[Change]) -> None:
        for change in changes:
            kind, _, pseudonym = change.id.partition(":")
            if change.doc is None or change.deleted:
                continue
            if kind == "withdrawal":
                self._erased.add(pseudonym)
            elif kind == "context" and _revoked(change.doc):
                self._revoked.add(pseudonym)


def _revoked(doc: Json) -> bool:
    try:
        context = Context.from_json(doc)
    except BadDocument as err:
        _log.warning("a household's context cannot be read: %s", err)
        return False
    return context.anonymized or context.consent is ConsentState.REVOKED


def _number(seq: str) -> int:
    """The number that a sequence begins with, on both engines."""
    return int(seq.partition("-")[0] or 0)
