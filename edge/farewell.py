"""What an agent has left to do once its household was erased: erase, confirm, say so on its own page."""

import logging
import random
import threading
from collections.abc import Callable

from couch.clock import Clock
from couch.erasure_marker import ErasureMarker
from couch.errors import CouchError, Fault
from edge import heartbeat
from edge.centre_identity import CentreIdentity
from edge.erasure import Erasure
from edge.erasure_confirmation import Confirmation
from edge.erasure_files import erase_certificate
from edge.heartbeat import Vitals
from edge.links import Links

_log = logging.getLogger(__name__)
PART = "erasure"
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0


class Farewell:
    """Used by one thread, after everything else of the agent has ended."""

    def __init__(
        self,
        erasure: Erasure,
        links: Links,
        *,
        clock: Clock,
        vitals: Vitals,
        confirmation: Confirmation,
        identity: CentreIdentity | None = None,
    ) -> None:
        self._erasure, self._links, self._clock, self._vitals = erasure, links, clock, vitals
        self._confirmation, self._identity = confirmation, identity
        self._versions = heartbeat.versions()

    def run(self, stop: threading.Event) -> bool:
        """Until the centre has the confirmation; False when stopped before. The certificate goes last."""
        self._vitals.forget_troubles()
        self._vitals.erased = True
        self._vitals.backlog = None
        marker = self._until_done(self._erasure.erase, stop)
        if marker is None:
            return False
        if marker.confirmed_at is None:
            self._say()
            if not self._confirmation.run(marker, stop):
                return False
        if self._until_done(self._confirmed, stop) is None:
            return False
        self._say()
        return True

    def _confirmed(self) -> ErasureMarker:
        marker = self._erasure.confirmed()
        erase_certificate(self._identity)
        return marker

    def _until_done(self, work: Callable[[], ErasureMarker], stop: threading.Event) -> ErasureMarker | None:
        failures = 0
        while not stop.is_set():
            try:
                marker = work()
            except (CouchError, Fault) as err:
                failures += 1
                self._vitals.failed(PART, err)
                _log.warning("the erasure is not finished yet: %s", err)
                pause_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(failures - 1, 8))
                stop.wait(random.uniform(0.5, 1.0) * pause_s)  # noqa: S311 - jitter, no secret
            else:
                self._vitals.succeeded(PART)
                return marker
        return None

    def _say(self) -> None:
        """Keep a heartbeat for the page and the command line; none goes to the centre any more."""
        own = self._links.replica(self._links.settings.local.agent)
        try:
            self._vitals.remember(heartbeat.last_kept(own))
            beat = heartbeat.heartbeat(
                self._links.settings.device, self._vitals, self._clock.now(), self._versions
            )
            heartbeat.keep(own, beat)
        except CouchError as err:
            _log.warning("the heartbeat could not be kept: %s", err)
