"""The transmission thread: when to push, compare and send the heartbeat.

After each cycle with a jitter that spreads the devices; at once for consent and reports, and when the link
is back; with a back-off after a failure. Each time a new one-shot: the replicator's own back-off would grow
to hours (design section 11.7). It shares nothing with the measuring thread but its requests and `Vitals`.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from couch.clock import Clock
from couch.documents import ConsentState, utc
from couch.errors import CouchError
from edge import heartbeat, reconcile
from edge.backlog import Backlog
from edge.conflicts import count_conflicts
from edge.data_transmitter import DataTransmitter, HouseholdErased, Pushed
from edge.heartbeat import Vitals
from edge.links import CentreConnection, Links
from edge.pruning import prune
from edge.reconcile import Comparison

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S = 1.0


class Transmission:
    """`run` is the thread; `request` may be called from any thread."""

    def __init__(self, links: Links, *, clock: Clock, vitals: Vitals, erased: Callable[[], None]) -> None:
        """`erased`: called when the centre says that the household was erased; the thread ends then."""
        self._links = links
        self._erased = erased
        self._clock = clock
        self._vitals = vitals
        self._timings = links.settings.transmission
        self._changed = threading.Condition()
        self._due: float | None = None  # monotonic real time of the next push; None: nothing is asked for

    def request(self, within_s: float = 0.0) -> None:
        """Transmit within so many real seconds; an earlier request stands."""
        due = time.monotonic() + within_s
        with self._changed:
            self._due = due if self._due is None else min(due, self._due)
            self._changed.notify_all()

    def after_cycle(self) -> None:
        """Transmit some time after a cycle, at another moment on each device."""
        self.request(random.uniform(0.0, self._timings.push_jitter_s))  # noqa: S311 - jitter, no secret

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set (call `request` then)."""
        session = TransmissionSession(self._links, self._clock, self._vitals, over=stop)
        failures = 0
        while self._wait(stop):
            try:
                came_through = session.transmit()
            except HouseholdErased:
                self._erased()
                return
            if came_through:
                failures = 0
                continue
            failures += 1
            pause_s = min(self._timings.reconnect_max_s, _FIRST_PAUSE_S * 2.0 ** min(failures - 1, 12))
            self.request(random.uniform(0.5, 1.0) * pause_s)  # noqa: S311 - jitter, no secret

    def _wait(self, stop: threading.Event) -> bool:
        """True when a transmission is due, False when stopped."""
        with self._changed:
            while not stop.is_set():
                left = None if self._due is None else self._due - time.monotonic()
                if left is not None and left <= 0:
                    self._due = None
                    return True
                self._changed.wait(left)
        return False


class TransmissionSession:
    """What one thread needs to transmit, step by step; every step can be repeated."""

    def __init__(
        self, links: Links, clock: Clock, vitals: Vitals, *, over: threading.Event | None = None
    ) -> None:
        """`over`: once it is set no further step is begun."""
        self._over = over or threading.Event()
        self._keep_days = links.settings.keep_days
        self._links = links
        self._device = links.settings.device
        self._every = timedelta(hours=links.settings.transmission.reconcile_every_h)
        self._clock = clock
        self._vitals = vitals
        self._transmitter = DataTransmitter(links)
        self._replica = links.replica(links.settings.local.agent)
        self._gate = links.gate()
        self._centre = CentreConnection(links)
        self._backlog = Backlog(self._replica)
        self._compared: Comparison | None = None
        self._versions = heartbeat.versions()

    def transmit(self) -> bool:
        """Push, compare where due, and say how we are; False when any of it failed.

        Raises HouseholdErased, after which there is nothing to say but that it was done here too.
        """
        parts = [self._attempt("push", self._push), self._attempt("heartbeat", self._heartbeat)]
        return all(parts)

    def _attempt(self, part: str, work: Callable[[], None]) -> bool:
        if self._over.is_set():
            return False
        try:
            work()
        except CouchError as err:
            self._vitals.failed(part, err)
            _log.info("%s did not come through: %s", part, err)
            return False
        self._vitals.succeeded(part)
        return True

    def _push(self) -> None:
        try:
            here = self._gate.look().state
            mark = self._backlog.mark()
            pushed = self._transmitter.push(here)
            self._vitals.last_push = utc(self._clock.now())
            if pushed.measurements and not self._stopped():  # else it was cancelled half way
                self._backlog.pushed(pushed.outcome.through or mark)
            elif pushed.outcome.complete:
                self._backlog.decided(pushed.outcome.through or mark)
            self._compare(pushed, here)
        finally:
            if not self._over.is_set():
                self._vitals.backlog = self._backlog.count()

    def _compare(self, pushed: Pushed, here: ConsentState) -> None:
        now = self._clock.now()
        if pushed.outcome.failures:
            _log.error("the centre refused %d documents of a push", pushed.outcome.failures)
            self._vitals.refused += pushed.outcome.failures
        if not reconcile.due(self._compared, pushed, here, now, self._every):
            return
        if pushed.measurements:
            self._reconcile(now)
        else:
            ledger = self._transmitter.offer_decisions(stopped=self._over.is_set)
            self._vitals.refused = reconcile.keep(self._replica, ledger, now).refused
        if reconcile.recount_due(self._compared, here, pushed.shown, now, self._every):
            mark = self._backlog.mark()
            self._backlog.compared(mark, self._transmitter.lacking())
        self._compared = Comparison(now, here, pushed.shown)

    def _reconcile(self, now: datetime) -> None:
        """Offer what the centre lacks, keep the ledger of what it refused, forget what it holds."""
        mark = self._backlog.mark()
        ledger = self._transmitter.reconcile(stopped=self._stopped)
        self._vitals.refused = reconcile.keep(self._replica, ledger, now).refused
        if self._stopped():
            return
        refused = sum(doc_id.startswith("measurement:") for doc_id, _ in ledger.refused)
        self._backlog.compared(mark, refused)
        if self._keep_days is not None:
            prune(self._centre.database(), self._links.administered(), now - timedelta(days=self._keep_days))

    def _stopped(self) -> bool:
        """Whether measurements may not be sent any more, since consent was revoked or all work is over."""
        return self._over.is_set() or self._gate.revoked()

    def _heartbeat(self) -> None:
        self._vitals.conflicts = count_conflicts(self._replica)
        beat = heartbeat.heartbeat(self._device, self._vitals, self._clock.now(), self._versions)
        heartbeat.keep(self._replica, beat)
        heartbeat.send(self._centre.database(), beat)
