"""The Data Transmitter (thesis 4.2.1): this device's replication with the centre, one-shot by one-shot.

The third place where consent is enforced (design section 6): a measurement leaves the device only while it
is granted here *and* the centre's own `_security` shows `granted`. The centre's validator would refuse it
before, and the replicator skips what is refused and moves its checkpoint on: lost there for good.
"""

from dataclasses import dataclass

from couch.documents import ConsentState
from couch.replication import (
    PUSH_ALWAYS,
    Ledger,
    Outcome,
    centre_consent,
    offer_again,
    pull,
    pull_ids,
    push,
    push_selector,
)
from edge.links import CentreConnection, Links


@dataclass(frozen=True, slots=True)
class Pushed:
    """A finished push. `shown`: the consent state at the centre; `measurements`: whether they were sent."""

    shown: ConsentState
    measurements: bool
    outcome: Outcome


class DataTransmitter:
    """One instance a thread. Every method raises CouchError when it did not come through."""

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
        shown = centre_consent(self._centre.database())
        granted = here is ConsentState.GRANTED and shown is ConsentState.GRANTED
        outcome = push(
            self._local,
            self._push_from,
            self._centre_site,
            push_selector(shown) if granted else PUSH_ALWAYS,
            timeout_s=self._timings.push_timeout_s,
        )
        return Pushed(shown, granted, outcome)

    def reconcile(self) -> Ledger:
        """Offer the centre everything it lacks; only while both sides are granted (see `edge.reconcile`)."""
        return offer_again(self._centre.database(), self._replica)
