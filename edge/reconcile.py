"""When to compare with the centre what it holds, and the ledger of what it refused (design section 6).

The replicator never offers again what was refused once, so after each change of the consent state, once a
day, and whenever a push counted refusals, the device compares ids and revisions and offers what is missing:
consents, reports and answers always, measurements and gaps while both sides are granted.
The answer names each refused document with its reason; the newest one is kept in `_local/ledger`.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from couch.database import Database
from couch.documents import ConsentState, utc
from couch.refusal_ledger import Refusal, RefusalLedger, write_ledger
from couch.replication import Ledger
from edge.data_transmitter import Pushed

_log = logging.getLogger(__name__)
_KEPT = 100  # refusals named in `_local/ledger`; their number is complete


@dataclass(frozen=True, slots=True)
class Comparison:
    """When the last comparison was, and under which states. Pure."""

    at: datetime
    here: ConsentState
    shown: ConsentState


def due(last: Comparison | None, pushed: Pushed, here: ConsentState, now: datetime, every: timedelta) -> bool:
    """Whether to compare now, as much of it as may be sent in this state: offering is sending."""
    if last is None or pushed.outcome.failures > 0:
        return True
    return (last.here, last.shown) != (here, pushed.shown) or not last.at <= now < last.at + every


def recount_due(
    last: Comparison | None, here: ConsentState, shown: ConsentState, now: datetime, every: timedelta
) -> bool:
    """Whether to count what the centre lacks: consent is revoked, so nothing of that will be sent any more.

    The number is what the device says when it confirms the erasure, of which the centre cannot ask again.
    """
    if ConsentState.REVOKED not in (here, shown):
        return False
    return last is None or (last.here, last.shown) != (here, shown) or not last.at <= now < last.at + every


def keep(replica: Database, ledger: Ledger, now: datetime) -> RefusalLedger:
    """Store the ledger for the device's page and the command line; log each refusal. Raises CouchError."""
    for doc_id, reason in ledger.refused[:_KEPT]:
        _log.error("the centre refused %s: %s", doc_id, reason)
    kept = RefusalLedger(
        at=utc(now),
        held=ledger.held,
        missing=ledger.missing,
        sent=ledger.sent,
        refused=len(ledger.refused),
        refusals=tuple(Refusal(doc_id, reason) for doc_id, reason in ledger.refused[:_KEPT]),
    )
    write_ledger(replica, kept)
    return kept
