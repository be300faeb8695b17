"""The Data Transmitter (thesis 4.2.1): this device's replication with the centre, one-shot by one-shot.

The third place where consent is enforced (design section 6): a measurement leaves the device only while it
is granted here *and* the centre's own `_security` shows `granted`. The centre's validator would refuse it
before, and the replicator skips what is refused and moves its checkpoint on: lost there for good.

Before each replication it reads that `_security`: when it says that the household was erased, nothing more
is replicated in either direction (design section 7).
"""

from collections.abc import Callable
from dataclasses import dataclass

from couch.bootstrap import security_consent, security_erased
from couch.documents import ConsentState
from couch.replication import (
    OFFERED_ALWAYS,
    PUSH_ALWAYS,
    Ledger,
    Outcome,
    missing_at,
    offer_again,
    pull,
    pull_ids,
    push,
    push_selector,
)
from edge.links import CentreConnection, Links


class HouseholdErased(Exception):  # noqa: N818 - named for what happened
    """The centre's `_security` says that this household was erased: no trouble, but the end of all work."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A finished push. `shown`: the consent state at the centre; `measurements`: whether they were sent."""

    shown: ConsentState
    measurements: bool
    outcome: Outcome


class DataTransmitter:
    """One instance a thread. Every method raises CouchError when it did not come through.

    A centre that does not answer, or answers 404, says nothing of an erasure. Only `pull` and `push` ask for
    it; they raise HouseholdErased.
    """

    def __init__(self, links: Links) -> None:
        settings = links.settings
        self._local = links.local(settings.local.agent)
        self._replica = links.replica(settings.local.agent)
        self._centre = CentreConnection(links)
        self._pull_into = links.replica_site(settings.local.pull)
        self._push_from = links.replica_site(settings.local.push)
        self._centre_site = links.centre_site()
        self._timings = settings.transmission

    def pull(self) -> Outcome:
        """Fetch what the centre writes: registration, meters, orders, and consent recorded there."""
        self._shown()
        ids = pull_ids(self._centre.database(), self._replica)
        return pull(
            self._local,
            self._centre_site,
            self._pull_into,
            ids,
            timeout_s=self._timings.request_timeout_s,
        )

    def push(self, here: ConsentState) -> Pushed:
        """Send what may be sent. `here`: the consent state on this device, judged just now.

        The two selectors are two replications with a checkpoint each, so the first push of measurements
        reads from the beginning: what was measured before the centre knew the grant is not lost.
        """
        shown = self._shown()
        granted = here is ConsentState.GRANTED and shown is ConsentState.GRANTED
        outcome = push(
            self._local,
            self._push_from,
            self._centre_site,
            push_selector(shown) if granted else PUSH_ALWAYS,
            timeout_s=self._timings.push_timeout_s,
        )
        return Pushed(shown, granted, outcome)

    def reconcile(self, *, stopped: Callable[[], bool]) -> Ledger:
        """Offer the centre everything it lacks; only while both sides are granted (see `offer_decisions`).

        `stopped`: asked before each page, since consent may be revoked meanwhile.
        """
        return offer_again(self._centre.database(), self._replica, stopped=stopped)

    def offer_decisions(self, *, stopped: Callable[[], bool]) -> Ledger:
        """Offer what may be sent in every state: consents, reports, answers."""
        return offer_again(self._centre.database(), self._replica, prefixes=OFFERED_ALWAYS, stopped=stopped)

    def lacking(self) -> int:
        """How many measurements of this device the centre does not hold; nothing is sent."""
        rows = self._replica.rows(start="measurement:", end="measurement:\ufff0")
        return len(missing_at(self._centre.database(), self._replica, rows))

    def _shown(self) -> ConsentState:
        """What the centre's `_security` says now."""
        security = self._centre.database().security()
        if security_erased(security):
            raise HouseholdErased
        return security_consent(security)
