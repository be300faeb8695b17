"""Consent: two write-once documents, and the state that follows from all their revisions (design 6)."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from couch.documents.fields import Document, Fields, Json, Uuid


class ConsentState(StrEnum):
    """One way: not granted, granted, revoked."""

    NOT_GRANTED = "not_granted"
    GRANTED = "granted"
    REVOKED = "revoked"

    @property
    def rank(self) -> int:
        """Place on the one-way road; a higher one is never left for a lower one."""
        return list(ConsentState).index(self)


GRANTED_ID = "consent:granted"
REVOKED_ID = "consent:revoked"


class Author(Fields, frozen=True, kw_only=True):
    """Who recorded it: a role and, where there is one, a device; never a name, it outlives the erasure."""

    role: Literal["participant", "researcher"]
    device: Uuid | None = None


class Consent(Document, frozen=True, kw_only=True, tag="consent"):
    state: Literal["granted", "revoked"]
    at: datetime
    by: Author

    @property
    def id(self) -> str:
        return f"consent:{self.state}"


class Report(Document, frozen=True, kw_only=True, tag="report"):
    """A mistake in the registration that the participant reports."""

    report: Uuid
    at: datetime
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]

    @property
    def id(self) -> str:
        return f"report:{self.report}"


def consent_state(leaves: Iterable[Json]) -> ConsentState:
    """The state of consent from all leaf revisions of `consent:*`, in any order.

    Deleted leaves and leaves whose body does not match their id say nothing: the validator lets neither in,
    and what came before it was there must not open anything.
    """
    state = ConsentState.NOT_GRANTED
    for leaf in leaves:
        if leaf.get("_deleted") or leaf.get("type") != "consent":
            continue
        if leaf.get("_id") == REVOKED_ID and leaf.get("state") == "revoked":
            return ConsentState.REVOKED
        if leaf.get("_id") == GRANTED_ID and leaf.get("state") == "granted":
            state = ConsentState.GRANTED
    return state
