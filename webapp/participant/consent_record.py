"""Reading and recording consent on the device: two write-once documents, one way."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from couch.bootstrap import document_consent
from couch.client import Database
from couch.documents import GRANTED_ID, REVOKED_ID, Author, Consent, ConsentState, utc
from couch.errors import BadDocument, Conflict

Step = Literal["granted", "revoked"]


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """The state, and the documents behind it where they can be read."""

    state: ConsentState
    granted: Consent | None = None
    revoked: Consent | None = None

    def allows(self, step: Step) -> bool:
        """Whether `step` still says something: granting once, revoking once, never back."""
        if step == "granted":
            return self.state is ConsentState.NOT_GRANTED
        return self.state is not ConsentState.REVOKED


def read_consent(replica: Database) -> ConsentRecord:
    """What the replica holds; the state is judged from every leaf revision."""
    return ConsentRecord(
        document_consent(replica), _stored(replica, GRANTED_ID), _stored(replica, REVOKED_ID)
    )


def record_consent(replica: Database, step: Step, *, device: str, now: datetime) -> bool:
    """Write `step` down as the participant's; False when it had been recorded before (by whomever).

    Raises Refused where the validator says no, Unreachable.
    """
    consent = Consent(state=step, at=utc(now), by=Author(role="participant", device=device))
    try:
        return replica.put_once(consent.to_json())
    except Conflict:
        return False  # another tab, device or researcher was quicker; the two agree by construction


def _stored(replica: Database, doc_id: str) -> Consent | None:
    found = replica.find(doc_id)
    try:
        return None if found is None else Consent.from_json(found)
    except BadDocument:
        return None  # the state was judged from the leaves; only its date cannot be shown
