"""Keeping the certificate alive: renewed at two thirds of its lifetime, brought back after its end.

Algorithm: `centre_identity.renewal_due` says when; a failure is tried again after a pause that doubles from
a minute to an hour, with jitter. The certificate's own times follow real time, whatever the survey's clock
says. A clock that is behind the certificate's beginning is waited out: nothing can be proved with it.
"""

import logging
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from couch.clock import to_rfc3339
from couch.enrolment import EnrolmentRefused
from couch.errors import Fault, Unreachable
from edge.centre_identity import CentreIdentity, IdentityState, Key, renewal_due, state_at
from edge.heartbeat import Vitals

_log = logging.getLogger(__name__)
PART = "certificate"
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)
# The clock may be set and the file replaced by hand: it is looked at this often at least.
_LOOK_EVERY = timedelta(minutes=10)


class Centre(Protocol):
    """See edge.enrolment_client.EnrolmentClient."""

    def renew(self, key: Key) -> str: ...

    def come_back(self, key: Key) -> str: ...


def _real_time() -> datetime:
    return datetime.now(UTC)


class Renewal:
    """`run` is a thread of the agent. `renewed` is called after each new certificate."""

    def __init__(
        self,
        identity: CentreIdentity,
        centre: Centre,
        *,
        vitals: Vitals,
        renewed: Callable[[], None],
        now: Callable[[], datetime] = _real_time,
    ) -> None:
        self._identity, self._centre, self._vitals = identity, centre, vitals
        self._renewed, self._now = renewed, now

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set."""
        failures = 0
        while not stop.is_set():
            failures = 0 if self.look() else failures + 1
            stop.wait(self.pause_s(failures))

    def look(self) -> bool:
        """Do what is due now; False when it did not come through. The heartbeat says why."""
        try:
            self._do()
        except (Unreachable, EnrolmentRefused, Fault) as err:
            self._vitals.failed(PART, err)
            _log.warning("the certificate could not be renewed: %s", err)
            return False
        self._vitals.succeeded(PART)
        return True

    def _do(self) -> None:
        facts = self._identity.facts()
        self._vitals.certificate_ends = None if facts is None else facts.not_after
        state = state_at(facts, self._now())
        if facts is None:
            raise Fault(
                f"there is no certificate in {self._identity.certificate}: join first (survey edge join)"
            )
        if state is IdentityState.VALID:
            return
        if state is IdentityState.NOT_YET:
            raise Fault(f"the clock is before the certificate's beginning, {to_rfc3339(facts.not_before)}")
        key = self._identity.load_key()
        chain = self._centre.renew(key) if state is IdentityState.DUE else self._centre.come_back(key)
        new = self._identity.take(chain, key, device=facts.device, household=facts.household)
        self._vitals.certificate_ends = new.not_after
        what = "the farewell of an erased household" if new.farewell else "a certificate"
        _log.info("received %s, valid until %s", what, to_rfc3339(new.not_after))
        self._renewed()

    def pause_s(self, failures: int) -> float:
        """Real seconds until the next look, after so many failures in a row."""
        if failures:
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures - 1, 12))
            return random.uniform(0.5, 1.0) * pause.total_seconds()  # noqa: S311 - jitter, no secret
        try:
            facts = self._identity.facts()
        except Fault:
            facts = None
        left = _LOOK_EVERY if facts is None else renewal_due(facts) - self._now()
        return max(1.0, min(left, _LOOK_EVERY).total_seconds())
