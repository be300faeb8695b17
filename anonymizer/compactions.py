"""One compaction for all that wait for one: a queue of revocations needs no compaction each.

Whoever comes while one is running waits for the next, since the running one may have copied already what is
to go; that next one serves everybody who waits by then.
"""

import threading
from collections import Counter

from couch.client import Database
from couch.compaction import compact


class Compactions:
    """Compacts databases of one server for several threads, each with its own handle of the database."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: set[str] = set()
        self._begun: Counter[str] = Counter()
        self._ended: Counter[str] = Counter()  # the number of the last one that ended well

    def compact(self, database: Database, probe: str | None) -> None:
        """Return when a compaction that began after this call has ended. `probe`: see `couch.compaction`.

        Raises CouchError where it was this thread's to carry out and failed.
        """
        name = database.name
        with self._changed:
            wanted = self._begun[name] + 1
            while self._ended[name] < wanted and name in self._running:
                self._changed.wait()
            if self._ended[name] >= wanted:
                return
            self._running.add(name)
            self._begun[name] += 1
            number = self._begun[name]
        ended = False
        try:
            compact(database, probe)
            ended = True
        finally:
            with self._changed:
                self._running.discard(name)
                if ended:
                    self._ended[name] = number
                self._changed.notify_all()
