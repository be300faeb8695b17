"""The worker on all households' changes feeds: consent into `_security`, pseudonyms into `research`.

A household's feed is read only when something changed there: ten thousand open feeds would cost more than
all the work. Several threads visit several households; one that fails waits and the others go on. Several
workers share the households by leases (`anonymizer.leases`); what is announced of another's is left alone.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from anonymizer.announcements import all_households, follow
from anonymizer.backlog import Backlog
from anonymizer.connections import Centre, Connect
from anonymizer.erasure_record import erasures
from anonymizer.leases import Alone, LeaseLost
from anonymizer.metrics import Metrics
from couch.centre_settings import CentreSettings
from couch.client import Database
from couch.documents import Json
from couch.errors import AccessDenied, CouchError, Unreachable

_log = logging.getLogger(__name__)
REPORT_EVERY_S = 60.0
_FEED_ENDS_WITHIN_S = 0.5
_ASK_AGAIN_S = 0.2
UNREACHABLE_AT_MOST_S = 10.0  # the server restarts for everybody: do not stay away long


class Visitor(Protocol):
    """Takes what is new in one household's feed."""

    def visit(self, centre: Centre, stop: threading.Event, may_go_on: Callable[[], None]) -> None:
        """Raises CouchError: come again later; LeaseLost, when `may_go_on` did: it is another's now."""


class Serving(Protocol):
    """Which households are this worker's; `Leases` or `Alone`."""

    beat_every_s: float

    def slice_of(self, household: str) -> int: ...

    def held(self) -> frozenset[int]: ...

    def serving(self, household: str) -> AbstractContextManager[Callable[[], None]]: ...

    def beat(self, registry: Database, state: Json, *, share: bool) -> frozenset[int]: ...

    def undecided(self) -> bool: ...

    def release(self, registry: Database) -> None: ...


class Worker:
    """The anonymizer's threads, from `run` until `stop` is set."""

    def __init__(
        self,
        settings: CentreSettings,
        connect: Connect,
        make_visitor: Callable[[str], Visitor],
        metrics: Metrics,
        leases: Serving | None = None,
    ) -> None:
        """`make_visitor` gets a household's uuid; each thread gets connections of its own from `connect`.

        `leases` None: there is no other worker.
        """
        self.metrics = metrics
        self.leases: Serving = leases or Alone()
        self.standing: dict[str, int] = {}  # what the registry said within the last minute, for the metrics
        self._counted_again_at = 0.0
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
        with self._leased(stop, share=True):
            threads = self._start(stop)
            # It does no work of its own, and a feed of CouchDB waits ten seconds for the first byte of an
            # answer: the end does not wait for that.
            announcer = threading.Thread(
                target=self._announce, args=(stop,), name="announcements", daemon=True
            )
            announcer.start()
            try:
                with self._connect() as centre:
                    while not stop.is_set():
                        self._sweep(centre, self.leases.held())
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

        Households that another living worker serves are left to it.
        Raises CouchError when the centre cannot be read.
        """
        with self._connect() as centre:
            for household in self._households(centre):
                self.backlog.add(household)
        return self.drain(stop)

    def drain(self, stop: threading.Event) -> int:
        """Visit what is in the backlog until nothing is left there; how many failed all their tries."""
        with self._leased(stop, share=False):
            threads = self._start(stop, give_up=True)
            self.backlog.wait_idle(stop)
            while self.leases.undecided() and not stop.wait(_ASK_AGAIN_S):
                self.backlog.wait_idle(stop)  # slices of a worker that died come with their households
            self.backlog.wait_idle(stop)
            self.backlog.close()
            for thread in threads:
                thread.join()
        _log.info("caught up: %s", self.metrics.line())
        return self.metrics["given_up"]

    @contextmanager
    def _leased(self, stop: threading.Event, *, share: bool) -> Iterator[None]:
        """Hold leases while the block runs, and give them back at its end. Raises CouchError."""
        over = threading.Event()
        with self._connect() as centre:
            while True:
                try:
                    self._beat(centre, share=share)
                    break
                except Unreachable:
                    if not share or stop.wait(_ASK_AGAIN_S):
                        raise
            beating = threading.Thread(target=self._keep_leases, args=(over, share), name="leases")
            beating.start()
            try:
                yield
            finally:
                over.set()
                beating.join()
                try:
                    self.leases.release(centre.registry)
                except CouchError as err:
                    _log.warning("leases stay until they end by themselves: %s", _cause(err))

    def _keep_leases(self, over: threading.Event, share: bool) -> None:
        with self._connect() as centre:
            while not over.wait(self.leases.beat_every_s):
                try:
                    fresh = self._beat(centre, share=share)
                    if fresh:
                        self._sweep(centre, fresh)
                except Exception as err:  # noqa: BLE001 - without this thread the worker would hold nothing
                    self.metrics.add("failures")
                    _log.warning("leases could not be looked after: %s", _cause(err))

    def _beat(self, centre: Centre, *, share: bool) -> frozenset[int]:
        state: Json = {
            "waiting": len(self.backlog),
            "lag_s": round(self.backlog.lag_s(), 1),
            "counts": self.metrics.counts(),
        }
        fresh = self.leases.beat(centre.registry, state, share=share)
        with self._lock:  # another worker may have been at these: what was remembered of them is old
            self._visitors = {
                household: visitor
                for household, visitor in self._visitors.items()
                if self.leases.slice_of(household) not in fresh
            }
        for wish, _rev in centre.registry.rows(start="retry:", end="retry;"):
            household = wish.removeprefix("retry:")
            if self.leases.slice_of(household) in self.leases.held():
                self.backlog.add(household)
        if time.monotonic() >= self._counted_again_at:
            self._counted_again_at = time.monotonic() + REPORT_EVERY_S
            self._count_standing(centre.registry)
        return fresh

    def _count_standing(self, registry: Database) -> None:
        self.standing = {
            "slices": len(self.leases.held()),
            "parked_documents": sum(row.value for row in registry.view("registry", "parked_by_household")),
            "erasures_open": sum(1 for each in erasures(registry) if each.next_step is not None),
        }

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
            with self.leases.serving(household) as may_go_on, self.metrics.timed("visit"):
                self._visitor(household).visit(centre, stop, may_go_on)
        except LeaseLost:
            self.metrics.add("leases_lost")  # whoever has it now looks at all its households
            self.backlog.done(household)
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

    def _sweep(self, centre: Centre, slices: frozenset[int]) -> None:
        """Look at all households of these slices again, whatever was announced."""
        try:
            for household in self._households(centre):
                if self.leases.slice_of(household) in slices:
                    self.backlog.add(household)
        except Unreachable:
            _log.warning("the centre's database does not answer; it is asked again")

    def _households(self, centre: Centre) -> list[str]:
        """Those that have a database, and those whose database is just being made anew."""
        open_ones = [each.household for each in erasures(centre.registry) if each.next_step is not None]
        return sorted({*all_households(centre.admin), *open_ones})

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
