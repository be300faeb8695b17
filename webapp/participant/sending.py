"""What of this device's consents and reports the research centre has, judged without asking it.

The agent notes up to which sequence of the replica a push has come through; what changed after that waits.
What the centre refused is named in the ledger. No clock decides: it may have been wrong at the time.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from couch.client import Database
from couch.refusal_ledger import read_ledger
from couch.transmission_note import read_note


class Sending(StrEnum):
    """Where a document is."""

    WAITING = "waiting"  # here alone, as far as this device knows
    SENT = "sent"  # a push that came through held it
    REFUSED = "refused"  # the centre would not take it


def read_sending(replica: Database, doc_ids: Sequence[str]) -> Mapping[str, Sending]:
    """For each of these documents of the replica. Raises CouchError."""
    if not doc_ids:
        return {}
    waiting = replica.changed_since(read_note(replica).decided, doc_ids)
    ledger = read_ledger(replica)
    refused = {refusal.id for refusal in ledger.refusals} if ledger else set()
    return {doc_id: _judged(doc_id in waiting, doc_id in refused) for doc_id in doc_ids}


def _judged(waiting: bool, refused: bool) -> Sending:
    if refused:
        return Sending.REFUSED
    return Sending.WAITING if waiting else Sending.SENT
