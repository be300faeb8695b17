"""Telling the centre that this device erased its replica: again and again, until the centre has it.

Two requests are made and no other: reading `_security`, and one PUT of `erased:<device>`, whose content never
changes, so that a repeat says the same. A certificate that ended is brought back first, as the farewell of an
erased household (`/return`), which admits just these two.
"""

import logging
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from couch.bootstrap import security_erased
from couch.database import Database
from couch.documents import Erased
from couch.erasure_marker import ErasureMarker
from couch.errors import Conflict, CouchError, Fault
from edge.centre_identity import CentreIdentity, IdentityState, state_at
from edge.heartbeat import Vitals

_log = logging.getLogger(__name__)
PART = "confirmation of the erasure"
_FIRST_PAUSE_S = 1.0


def confirmation(marker: ErasureMarker) -> Erased:
    """The document for the centre. The marker must say that the device was erased."""
    if marker.erased_at is None or marker.unsent_measurements is None:
        raise ValueError("nothing was erased yet")
    return Erased(device=marker.device, at=marker.erased_at, unsent_measurements=marker.unsent_measurements)


class Confirmation:
    """`centre` is the household's database as this device; `come_back` brings back an ended certificate."""

    def __init__(
        self,
        centre: Database,
        *,
        vitals: Vitals,
        identity: CentreIdentity | None = None,
        come_back: Callable[[], object] = lambda: None,
        longest_pause_s: float = 60.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._centre, self._vitals = centre, vitals
        self._identity, self._come_back = identity, come_back
        self._longest_pause_s, self._now = longest_pause_s, now

    def run(self, marker: ErasureMarker, stop: threading.Event) -> bool:
        """Try until the centre has it; False when stopped before."""
        failures = 0
        while not stop.is_set():
            if self.attempt(marker):
                return True
            failures += 1
            pause_s = min(self._longest_pause_s, _FIRST_PAUSE_S * 2.0 ** min(failures - 1, 12))
            stop.wait(random.uniform(0.5, 1.0) * pause_s)  # noqa: S311 - jitter that spreads devices
        return False

    def attempt(self, marker: ErasureMarker) -> bool:
        """Whether the centre has it now. Whatever it says or does not say otherwise: not yet."""
        try:
            self._bring_back_certificate()
            if not security_erased(self._centre.security()):
                raise Fault("the centre does not show this household as erased now")
            self._put(confirmation(marker))
        except (CouchError, Fault) as err:
            self._vitals.failed(PART, err)
            _log.info("the erasure is not confirmed yet: %s", err)
            return False
        self._vitals.succeeded(PART)
        return True

    def _put(self, erased: Erased) -> None:
        try:
            self._centre.put(erased.to_json())
        except Conflict:
            _log.info("the centre had the confirmation before")  # its answer was lost, or this is a copy

    def _bring_back_certificate(self) -> None:
        if (
            self._identity is not None
            and state_at(self._identity.facts(), self._now()) is IdentityState.ENDED
        ):
            self._come_back()
