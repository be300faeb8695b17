"""The first of the four places where consent is enforced (design section 6): nothing is measured without it.

Judged from every leaf revision of the local consent documents, never from what was announced. What is found
is also written into the replica's `_security`, where the validator (the second place) sees it; that is only
ever raised: not granted, granted, revoked.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import datetime

from couch.bootstrap import raise_consent
from couch.client import Database
from couch.documents import GRANTED_ID, REVOKED_ID, Consent, ConsentState, Json, consent_state
from couch.errors import BadDocument

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ConsentView:
    """`granted_at`: the earliest grant recorded here; None where there is none."""

    state: ConsentState
    granted_at: datetime | None = None


class ConsentGate:
    """One instance a thread. `replica` is read as the agent, `administered` is the same as administrator.

    `raising` is shared by all gates of a process: `_security` has no revisions, so two threads that read and
    write it at once could put a grant over a revocation.
    """

    def __init__(self, replica: Database, administered: Database, raising: threading.Lock) -> None:
        self._replica = replica
        self._administered = administered
        self._raising = raising
        self._raised = ConsentState.NOT_GRANTED

    def look(self) -> ConsentView:
        """The present state, with `_security` brought up to it. Raises CouchError."""
        granted = self._replica.leaves(GRANTED_ID)
        state = consent_state([*granted, *self._replica.leaves(REVOKED_ID)])
        if state.rank > self._raised.rank:
            with self._raising:
                raised = raise_consent(self._administered, state)
            if raised:
                _log.info("consent is %s; the replica's rules follow", state)
            self._raised = state
        return ConsentView(state, _earliest(granted))

    def revoked(self) -> bool:
        """Whether a revocation came in meanwhile: one request, made right before a measurement is stored."""
        return consent_state(self._replica.leaves(REVOKED_ID)) is ConsentState.REVOKED

    def forget(self) -> None:
        """Compare with `_security` again at the next look: a write was refused, so it may say otherwise."""
        self._raised = ConsentState.NOT_GRANTED


def _earliest(leaves: list[Json]) -> datetime | None:
    moments = [consent.at for consent in map(_consent, leaves) if consent and consent.state == "granted"]
    return min(moments, default=None)


def _consent(leaf: Json) -> Consent | None:
    try:
        return Consent.from_json(leaf)
    except BadDocument:
        return None  # a forged or deleted leaf dates nothing
