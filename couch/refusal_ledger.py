"""What the centre refused of a device, in `_local/ledger`: the agent writes, page and command line read."""

from datetime import datetime

import msgspec

from couch.database import Database

LOCAL = "ledger"


class Refusal(msgspec.Struct, frozen=True):
    id: str
    reason: str


class RefusalLedger(msgspec.Struct, frozen=True):
    """What the centre held at `at`, was sent, and refused; `refusals` names the first of these."""

    at: datetime
    held: int
    missing: int
    sent: int
    refused: int
    refusals: tuple[Refusal, ...] = ()


def read_ledger(replica: Database) -> RefusalLedger | None:
    """The newest ledger; None when there is none, or none that this version can read. Raises CouchError."""
    stored = replica.local(LOCAL)
    try:
        return None if stored is None else msgspec.convert(stored, RefusalLedger)
    except msgspec.ValidationError:
        return None


def write_ledger(replica: Database, ledger: RefusalLedger) -> None:
    """Raises CouchError."""
    replica.put_local(LOCAL, msgspec.to_builtins(ledger))
