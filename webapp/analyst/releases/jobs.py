"""Making a version from the page: in a thread of its own, one at a time, its state to be looked at."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from couch.errors import CouchError, Fault
from webapp.analyst.selection import TableName

if TYPE_CHECKING:
    from webapp.analyst.releases.making import Made

_log = logging.getLogger(__name__)
# Hears the table that is written and its rows so far.
Progress = Callable[[TableName, int], None]


@dataclass(frozen=True, slots=True)
class JobState:
    """`table` and `rows`: how far it is. At its end `made` says what came out, or `fault` why nothing did."""

    name: str
    running: bool = True
    table: TableName | None = None
    rows: int = 0
    made: "Made | None" = None
    fault: str | None = None


class ReleaseJobs:
    """The one job that is on its way, or that ended last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.state: JobState | None = None

    def start(self, name: str, making: "Callable[[Progress], Made]") -> bool:
        """Whether it was started: not while another one is on its way. `making` raises Fault, CouchError."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return False
            self.state = JobState(name)
            self._thread = threading.Thread(
                target=self._run, args=(name, making), name="release", daemon=True
            )
            self._thread.start()
            return True

    def wait(self, at_most_s: float) -> None:
        """Until the job has ended, or `at_most_s` real seconds."""
        if self._thread is not None:
            self._thread.join(at_most_s)

    def _run(self, name: str, making: "Callable[[Progress], Made]") -> None:
        def progress(table: TableName, rows: int) -> None:
            self.state = JobState(name, table=table, rows=rows)

        begun = JobState(name, running=False)
        try:
            self.state = replace(begun, made=making(progress))
        except (Fault, CouchError) as err:
            self.state = replace(begun, fault=str(err))
        except Exception:  # noqa: BLE001 - whatever else: the page must not wait for a thread that is dead
            _log.exception("the data set %s could not be made", name)
            self.state = replace(begun, fault="")
