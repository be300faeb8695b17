"""Corrections under way: noted in a file before anything is written, removed when no old value is left.

A note holds ids of documents, no value. Whoever finds one at the start of the service takes it up.
"""

import json
import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from couch.centre_settings import CentreSettings
from couch.errors import CouchError, Fault
from couch.private_files import write_private
from couch.registering import OpenCorrection
from provisioning.rights.anonymizing import Anonymizing
from provisioning.rights.correcting import forget_old_values

_log = logging.getLogger("survey.registering")
_SUFFIX = ".json"


@dataclass(slots=True)
class OpenCorrections:
    """The notes in `folder`, and one thread for each that is worked on.

    One has its turn at a time: compactions of the same database take each other's probe away, and would then
    end before the old values are gone.
    """

    folder: Path
    settings: CentreSettings
    anonymizing: Anonymizing
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _running: dict[str, threading.Thread] = field(default_factory=dict)
    _again: set[str] = field(default_factory=set)
    _written: Counter[str] = field(default_factory=Counter)  # how many callers write documents of it now
    _reasons: dict[str, str] = field(default_factory=dict)

    def resume(self) -> None:
        """Take up what is noted."""
        for file in sorted(self.folder.glob(f"*{_SUFFIX}")):
            self.start(file.name.removesuffix(_SUFFIX))

    def of(self, household: str) -> OpenCorrection | None:
        """None: no correction of it is open."""
        with self._lock:
            documents = self._noted(household)
            if documents is None:
                return None
            return OpenCorrection(
                household=household,
                documents=documents,
                running=household in self._running,
                reason=self._reasons.get(household, ""),
            )

    @contextmanager
    def noted(self, household: str, documents: tuple[str, ...]) -> Iterator[None]:
        """Note the documents, let the caller write them, then begin to remove old values.

        Where the caller fails, nobody knows what was written: the removal begins all the same.
        """
        with self._lock:
            known = self._noted(household) or ()
            wanted = [*known, *(each for each in documents if each not in known)]
            write_private(self._file(household), json.dumps({"documents": wanted}) + "\n")
            self._written[household] += 1
        try:
            yield
        finally:
            with self._lock:
                self._written[household] -= 1
                self._begin(household)

    def start(self, household: str) -> None:
        """Begin to remove old values; where that is under way it is done once more afterwards."""
        with self._lock:
            self._begin(household)

    def _begin(self, household: str) -> None:
        if household in self._running:
            self._again.add(household)
            return
        thread = threading.Thread(target=self._run, args=(household,), daemon=True)
        self._running[household] = thread
        thread.start()

    def wait(self, household: str, timeout_s: float) -> None:
        """Until nothing is done about it any more, or the time (real) is over."""
        with self._lock:
            thread = self._running.get(household)
        if thread is not None:
            thread.join(timeout_s)

    def _run(self, household: str) -> None:
        while True:
            with self._lock:
                self._again.discard(household)
                documents = self._noted(household) or ()
            reason = self._forget(household, documents)
            with self._lock:
                if household in self._again:
                    continue
                del self._running[household]
                if reason:
                    self._reasons[household] = reason
                else:
                    self._reasons.pop(household, None)
                    if not self._written[household]:  # else the note is of what is written now as well
                        self._file(household).unlink(missing_ok=True)
                return

    def _forget(self, household: str, documents: tuple[str, ...]) -> str:
        """What was in the way; empty: nothing."""
        try:
            with self._turn, self.settings.admin_server() as admin, self.settings.worker_server() as worker:
                forget_old_values(
                    household, documents, admin=admin, worker=worker, anonymizing=self.anonymizing
                )
        except (CouchError, Fault, OSError) as err:
            _log.warning("old values of household %s could not be removed yet: %s", household, err)
            return str(err)
        except Exception:  # noqa: BLE001 - it is logged whole; a note must not stay "running" for ever
            _log.exception("old values of household %s could not be removed", household)
            return "an unexpected error; the log of the service says which"
        return ""

    def _file(self, household: str) -> Path:
        return self.folder / f"{household}{_SUFFIX}"

    def _noted(self, household: str) -> tuple[str, ...] | None:
        try:
            stored = json.loads(self._file(household).read_text(encoding="utf-8"))
            return tuple(str(each) for each in stored["documents"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return ()  # a damaged note still says that something is to be done
