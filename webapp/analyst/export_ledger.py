"""The record of every data set that goes out, by pseudonyms alone, and who is to be taken out of it later.

It stands in `research`. A household that withdraws is found by it in what went out before: whoever holds a
data set compares the `withdrawals` of any later one with the `households` of their own.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from couch.client import Server
from couch.clock import Clock
from couch.documents import ConsentState, Context, ExportRecord, Withdrawal, utc
from couch.errors import Conflict
from couch.names import RESEARCH
from webapp.analyst.export_request import ExportRequest


class Withdrawn(msgspec.Struct, frozen=True):
    """A household that withdrew, as it stands in a package.

    `revoked`: what was measured stays, its place and installations are blurred since; earlier contexts are to
    be replaced. `erased`: everything of it is to be removed from earlier data sets.
    """

    household: str
    withdrawn: Literal["revoked", "erased"]


class Ledger(Protocol):
    """Keeps the record of exports."""

    def withdrawals(self) -> tuple[Withdrawn, ...]:
        """Of all households up to now, by pseudonym. Raises CouchError."""

    def record(self, request: ExportRequest, sha256: str, households: tuple[str, ...]) -> None:
        """Durable when this returns. Raises CouchError: the data set must not go out."""


@dataclass(frozen=True, slots=True)
class ResearchLedger:
    """In the centre's database `research`, by an account that may write there."""

    server: Server
    clock: Clock

    def withdrawals(self) -> tuple[Withdrawn, ...]:
        research = self.server.database(RESEARCH)
        found = {
            context.household: Withdrawn(context.household, "revoked")
            for context in map(Context.from_json, research.documents(start="context:", end="context;"))
            if context.consent is ConsentState.REVOKED
        }
        for doc in research.documents(start="withdrawal:", end="withdrawal;"):
            household = Withdrawal.from_json(doc).household
            found[household] = Withdrawn(household, "erased")
        return tuple(found[household] for household in sorted(found))

    def record(self, request: ExportRequest, sha256: str, households: tuple[str, ...]) -> None:
        if not households:
            return  # nobody's measurements went out
        fresh = ExportRecord(
            sha256=sha256,
            at=utc(self.clock.now()),
            from_at=request.start_at,
            to_at=request.end_at,
            format=request.format,
            households=households,
        )
        try:
            self.server.database(RESEARCH).put_once(fresh.to_json())
        except Conflict:
            return  # the same bytes went out before
