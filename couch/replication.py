"""Replication between a device's replica and its household's database at the centre (design 5, 6, 11).

The device drives it: one-shots posted to its own CouchDB. Pull names its documents, push selects by type.
The trap (design 6): the replicator skips a document that the centre's validator refuses and moves its
checkpoint on, so that pushing again sends nothing. Hence the gate (`push_selector`) before each push, and
`offer_again`, which compares ids and revisions and writes what is missing, naming each refusal.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from couch.bootstrap import security_consent
from couch.client import Database, Server, database_url
from couch.documents.consent import GRANTED_ID, REVOKED_ID, ConsentState
from couch.documents.fields import Json
from couch.secret import Secret

PULL_FIXED = ("registration", "location", GRANTED_ID, REVOKED_ID)
PULL_PREFIXES = ("device:", "meter:", "pv_system:", "order:")
OFFERED_ALWAYS = ("consent:", "report:", "answer:")
OFFERED_GRANTED = (*OFFERED_ALWAYS, "gap:", "measurement:")
_OFFER_PAGE = 500

_ALWAYS_TYPES = ["consent", "report", "answer"]
_GRANTED_TYPES = [*_ALWAYS_TYPES, "measurement", "gap"]
# Tombstones never travel: what the device forgets, it purges.
PUSH_ALWAYS: Json = {"type": {"$in": _ALWAYS_TYPES}, "_deleted": {"$exists": False}}
PUSH_GRANTED: Json = {"type": {"$in": _GRANTED_TYPES}, "_deleted": {"$exists": False}}

# A Raspberry Pi has better things to do than four workers; none of these changes the replication's id.
_GENTLE: Json = {
    "worker_processes": 1,
    "http_connections": 4,
    "retries_per_request": 2,
    "checkpoint_interval": 30_000,
}


@dataclass(frozen=True, slots=True)
class Site:
    """One end of a replication. `url` is the server's; a local end is a full loopback URL.

    `user` None: the engine that drives the replication proves itself by its own client certificate.
    """

    url: str
    database: str
    user: str | None = None
    password: Secret | None = None

    def endpoint(self) -> Json:
        """As `_replicate` takes it: the credentials stand beside the address, never in it."""
        if self.user is None or self.password is None:
            return {"url": database_url(self.url, self.database)}
        basic = {"username": self.user, "password": str.__str__(self.password)}
        return {"url": database_url(self.url, self.database), "auth": {"basic": basic}}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Counts of documents of one session. `failures`: refused by the target, silently skipped for good.

    `through`: the source's sequence up to which everything was offered; None: nothing new was found.
    `complete`: it came to its end; False: it was ended half way.
    """

    read: int
    written: int
    failures: int
    through: str | None = field(default=None, compare=False)
    complete: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the centre holds of the device's documents, and what became of those it lacked.

    `refused`: (id, reason) of each document that the centre would not take.
    """

    held: int
    missing: int
    sent: int
    refused: tuple[tuple[str, str], ...]


def centre_consent(centre: Database) -> ConsentState:
    """The gate: what the centre's own `_security` says now. Raises Unreachable, NotFound, AccessDenied."""
    return security_consent(centre.security())


def push_selector(state: ConsentState) -> Json:
    """What may be pushed while the centre shows `state`."""
    return PUSH_GRANTED if state is ConsentState.GRANTED else PUSH_ALWAYS


def pull_ids(centre: Database, replica: Database) -> list[str]:
    """The documents to pull: the fixed ones, and those of the centre's types known on either side, sorted.

    Known here counts too, so that the deletion of a meter at the centre arrives.
    """
    ids = set(PULL_FIXED)
    for database in (centre, replica):
        for prefix in PULL_PREFIXES:
            ids.update(doc_id for doc_id, _ in database.rows(start=prefix, end=f"{prefix}\ufff0"))
    return sorted(ids)


def pull(local: Server, centre: Site, replica: Site, doc_ids: Sequence[str], *, timeout_s: float) -> Outcome:
    """Fetch these documents from the centre into the replica, driven by the local server.

    Never by selector: a filtered pull reads a year of measurements again each time (design 5).
    """
    return _one_shot(local, centre, replica, {"doc_ids": list(doc_ids)}, timeout_s)


def push(local: Server, replica: Site, centre: Site, selector: Json, *, timeout_s: float) -> Outcome:
    """Send the replica's documents that match, driven by the local server; see `push_selector`."""
    return _one_shot(local, replica, centre, {"selector": selector}, timeout_s)


def _one_shot(local: Server, source: Site, target: Site, what: Json, timeout_s: float) -> Outcome:
    body = {"source": source.endpoint(), "target": target.endpoint(), **what, **_GENTLE}
    return outcome(local.replicate(body, timeout_s=timeout_s))


def outcome(answer: Json) -> Outcome:
    """The counts of this session.

    CouchDB carries the counts of a replication id on from session to session, so this one's are what the
    newest entry of the history has over the one before; an answer without changes repeats an old history.
    """
    history = answer.get("history") or []
    if answer.get("no_changes") or not history:
        return Outcome(0, 0, 0, complete=bool(answer.get("no_changes")))
    before = history[1] if len(history) > 1 else {}
    counts = ("docs_read", "docs_written", "doc_write_failures")
    read, written, failures = (max(0, history[0][name] - before.get(name, 0)) for name in counts)
    through = answer.get("source_last_seq")
    return Outcome(read, written, failures, None if through is None else str(through))


def missing_at(centre: Database, replica: Database, ids: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Of (id, revision) pairs of the replica, those that it still holds and the centre lacks."""
    missing: dict[str, list[str]] = {}
    for page in _pages(ids):
        lacked = centre.revs_diff({doc_id: [rev] for doc_id, rev in page})
        gone = replica.revs_diff(lacked) if lacked else {}
        missing |= {doc_id: revs for doc_id, revs in lacked.items() if doc_id not in gone}
    return missing


def offer_again(
    centre: Database,
    replica: Database,
    *,
    prefixes: Sequence[str] = OFFERED_GRANTED,
    stopped: Callable[[], bool] | None = None,
) -> Ledger:
    """Write at the centre, revision for revision, what it lacks of the device's own documents.

    Consents go first, then reports, answers, gaps, measurements, or what of that `prefixes` names. Each
    refusal is named in the ledger: the replicator would not tell. To be called after each change of consent
    and once a day. `stopped`: asked before each page of at most 500 documents; once it says so, nothing more
    is sent.
    """
    held = missing = sent = 0
    refused: list[tuple[str, str]] = []
    for prefix in prefixes:
        for page in _pages(replica.rows(start=prefix, end=f"{prefix}\ufff0", page=_OFFER_PAGE)):
            if stopped is not None and stopped():
                return Ledger(held, missing, sent, tuple(refused))
            lacked = missing_at(centre, replica, page)
            held += len(page) - len(lacked)
            if not lacked:
                continue
            docs = replica.bulk_get([(i, rev) for i, revs in lacked.items() for rev in revs], revs=True)
            failures = centre.bulk(docs, new_edits=False)
            missing += len(docs)
            sent += len(docs) - len(failures)
            refused += [(failure.id, failure.reason or failure.error or "") for failure in failures]
    return Ledger(held, missing, sent, tuple(refused))


def _pages(pairs: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    iterator = iter(pairs)
    while page := list(islice(iterator, _OFFER_PAGE)):
        yield page
