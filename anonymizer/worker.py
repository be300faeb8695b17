"""The worker on all households' changes feeds: consent into `_security`, pseudonyms into `research`.

A household's feed is read only when something changed there: ten thousand open feeds would cost more than
all the work. Several threads visit several households; one that fails waits and the others go on.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from anonymizer.announcements import all_households, follow
from anonymizer.backlog import Backlog
from anonymizer.connections import Centre, Connect
from anonymizer.metrics import Metrics
from couch.centre_settings import CentreSettings
from couch.client import Server
from couch.errors import AccessDenied, CouchError, Unreachable

_log = logging.getLogger(__name__)
REPORT_EVERY_S = 60.0
_FEED_ENDS_WITHIN_S = 0.5
UNREACHABLE_AT_MOST_S = 10.0  # the server restarts for everybody: do not stay away long


class Visitor(Protocol):
    """Takes what is new in one household's feed."""

    def visit(self, centre: Centre, stop: threading.Event) -> None:
        """Raises CouchError: come again later."""


class Worker:
    """The anonymizer's threads, from `run` until `stop` is set."""

    def __init__(
        self,
        settings: CentreSettings,
        connect: Connect,
        make_visitor: Callable[[str], Visitor],
        metrics: Metrics,
    ) -> None:
        """`make_visitor` gets a household's uuid; each thread gets connections of its own from `connect`."""
        self.metrics = metrics
        self.backlog = Backlog()
        self._settings = settings
        self._connect = connect
        self._make_visitor = make_visitor
        self._visitors: dict[str, Visitor] = {}
        self._lock = threading.Lock()
        self._fatal: list[CouchError] = []

    def run(self, stop: threading.Event) -> None:
        """Follow all households until `stop` is set.

        Raises AccessDenied when an account is not let in any more.
        """
        threads = self._start(stop)
        # It does no work of its own, and a feed of CouchDB waits ten seconds for the first byte of an answer:
        # the end does not wait for that.
        announcer = threading.Thread(target=self._announce, args=(stop,), name="announcements", daemon=True)
        announcer.start()
        try:
            with self._connect() as centre:
                while not stop.is_set():
                    self._sweep(centre.admin)
                    self._report_until_next_sweep(stop)
        finally:
            stop.set()
            self.backlog.close()
            for thread in threads:
                thread.join()
            announcer.join(_FEED_ENDS_WITHIN_S)
        _log.info("ended: %s", self.metrics.line())
        if self._fatal:
            raise self._fatal[0]

    def catch_up(self, stop: threading.Event) -> int:
        """Take everything that stands in the feeds now; how many households failed all their tries.

        Raises CouchError when the centre cannot be read.
        """
        with self._connect() as centre:
            for household in all_households(centre.admin):
                self.backlog.add(household)
        return self.drain(stop)

    def drain(self, stop: threading.Event) -> int:
        """Visit what is in the backlog until nothing is left there; how many failed all their tries."""
        threads = self._start(stop, give_up=True)
        self.backlog.wait_idle(stop)
        self.backlog.close()
        for thread in threads:
            thread.join()
        _log.info("caught up: %s", self.metrics.line())
        return self.metrics["given_up"]

    def _start(self, stop: threading.Event, *, give_up: bool = False) -> Sequence[threading.Thread]:
        threads = [
            threading.Thread(target=self._work, args=(stop, give_up), name=f"visits-{number}")
            for number in range(self._settings.parallel_households)
        ]
        for thread in threads:
            thread.start()
        return threads

    def _work(self, stop: threading.Event, give_up: bool) -> None:
        with self._connect() as centre:
            while (household := self.backlog.take()) is not None:
                self._visit(centre, household, stop, give_up)

    def _visit(self, centre: Centre, household: str, stop: threading.Event, give_up: bool) -> None:
        try:
            self._visitor(household).visit(centre, stop)
        except Exception as err:  # noqa: BLE001 - a surprise in one household must not stop the others
            self._failed(household, err, give_up)
        else:
            self.backlog.done(household)

    def _failed(self, household: str, err: Exception, give_up: bool) -> None:
        self.metrics.add("failures")
        failures = self.backlog.failed(household)
        if give_up and failures >= self._settings.tries:
            self.metrics.add("given_up")
            _log.error("a household was given up after %d tries: %s", failures, _cause(err))
            self.backlog.done(household)
            return
        at_most = self._settings.retry_at_most_s
        if isinstance(err, Unreachable):
            at_most = min(at_most, UNREACHABLE_AT_MOST_S)
        pause_s = min(self._settings.retry_s * 2 ** min(failures - 1, 20), at_most)
        _log.warning("a visit failed: %s; again in %.0f s", _cause(err), pause_s)
        self.backlog.later(household, pause_s)

    def _visitor(self, household: str) -> Visitor:
        with self._lock:
            if household not in self._visitors:
                self._visitors[household] = self._make_visitor(household)
            return self._visitors[household]

    def _announce(self, stop: threading.Event) -> None:
        with self._connect() as centre:
            try:
                follow(centre.admin, self.backlog, self._settings.poll_s, stop)
            except AccessDenied as err:
                self._fatal.append(err)
                stop.set()

    def _sweep(self, admin: Server) -> None:
        """Look at all households again, whatever was announced."""
        try:
            for household in all_households(admin):
                self.backlog.add(household)
        except Unreachable:
            _log.warning("the centre's database does not answer; it is asked again")

    def _report_until_next_sweep(self, stop: threading.Event) -> None:
        left_s = self._settings.sweep_s
        while left_s > 0 and not stop.wait(min(left_s, REPORT_EVERY_S)):
            left_s -= REPORT_EVERY_S
            _log.info("waiting=%d %s", len(self.backlog), self.metrics.line())


def _cause(err: Exception) -> str:
    """What went wrong without the message, which may name a household."""
    frame = err.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = "" if frame is None else f" at {frame.tb_frame.f_code.co_name}:{frame.tb_lineno}"
    return type(err).__name__ + where
