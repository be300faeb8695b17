"""Following the replica's changes, so that consent recorded on the page takes effect at once.

A change of `consent:*` brings the replica's `_security` up to it and goes to the centre without waiting for
the cycle; so does a report. After a revocation a push that runs is ended, since it may hold measurements.
The feed waits at the engine; nothing is polled.
"""

import threading
from collections.abc import Callable

from couch.database import Database
from couch.documents import ConsentState
from edge.consent_gate import ConsentGate

_CONSENT = "consent:"
_AT_ONCE = (_CONSENT, "report:", "answer:")


def watch(
    replica: Database,
    gate: ConsentGate,
    *,
    transmit_now: Callable[[], None],
    stop_sending: Callable[[], object],
    stop: threading.Event,
) -> None:
    """Serve until `stop` is set. Raises CouchError when the feed ends for good; call again then.

    What changed before the call is looked at first, so nothing is missed between two calls.
    """
    since = replica.changes("now", limit=1, include_docs=False).last_seq
    revoked = _look(gate, stop_sending)
    transmit_now()
    for batch in replica.follow(since, stop=stop, include_docs=False):
        ids = [change.id for change in batch.changes]
        if not revoked and any(doc_id.startswith(_CONSENT) for doc_id in ids):
            revoked = _look(gate, stop_sending)
        if any(doc_id.startswith(_AT_ONCE) for doc_id in ids):
            transmit_now()


def _look(gate: ConsentGate, stop_sending: Callable[[], object]) -> bool:
    """Bring the rules up to the documents; whether consent is revoked now."""
    revoked = gate.look().state is ConsentState.REVOKED
    if revoked:
        stop_sending()  # also what an agent left running that was killed
    return revoked
