"""What an erased household leaves in a server's system databases.

Each is deleted first, which ends what depends on it, then every tombstone there is purged, since it keeps its
id for good. Needs the server's administrator; every step can be repeated. Raises CouchError.
"""

import time
from collections.abc import Collection

from couch.accounts import USERS, user_id
from couch.client import Server
from couch.compaction import compact, purge_tombstones
from couch.database import Database
from couch.documents.fields import Json
from couch.errors import Conflict, NotFound, Unreachable
from couch.replication_jobs import replication_jobs, touches

_REPLICATIONS = "_replicator"
_PROBE = "_design/compaction"  # the replicator takes any other document for a replication
_ENDS_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.1


def forget_replications(server: Server, databases: Collection[str]) -> int:
    """Remove the documents of `_replicator` that name one of these databases; how many there were.

    Raises Unreachable when their jobs have not ended after 30 s.
    """
    documents = server.database(_REPLICATIONS)
    found = [doc["_id"] for doc in _all(documents) if touches(doc, databases)]
    for doc_id in found:
        _delete(documents, doc_id)
    ends = time.monotonic() + _ENDS_WITHIN_S
    while any(touches(job, databases) for job in replication_jobs(server)):
        # Not purged before: the replicator learns from the tombstone that a job has to end.
        if time.monotonic() >= ends:
            raise Unreachable("a replication of the household has not ended yet; it is looked at again.")
        time.sleep(_LOOK_EVERY_S)
    _purge_tombstones(documents)
    return len(found)


def forget_accounts(server: Server, role: str, *, unless: str) -> int:
    """Remove the accounts that have `role` but not the role `unless`; how many there were."""
    users = server.database(USERS)
    roles = [(doc, doc.get("roles", ())) for doc in _all(users)]
    found = [doc for doc, held in roles if role in held and unless not in held]
    for doc in found:
        _delete(users, doc["_id"])
    _purge_tombstones(users)
    return len(found)


def compact_system(server: Server, account: str) -> None:
    """Rewrite the files of accounts and replications, so that nothing of what was removed stays in them.

    `account`: one that stays; its document is written once more.
    """
    compact(server.database(USERS), user_id(account))
    replications = server.database(_REPLICATIONS)
    if replications.exists():
        replications.replace(_PROBE, lambda _stored: {"language": "javascript"})
        compact(replications, _PROBE)
        _delete(replications, _PROBE)
        _purge_tombstones(replications)


def _all(database: Database) -> list[Json]:
    try:
        return list(database.documents())
    except NotFound:
        return []  # no such database: nothing was written down


def _purge_tombstones(database: Database) -> None:
    try:
        purge_tombstones(database, ("",))
    except NotFound:
        return  # no such database


def _delete(database: Database, doc_id: str) -> None:
    while (stands := database.find(doc_id)) is not None:
        try:
            database.delete(doc_id, stands["_rev"])
        except (Conflict, NotFound):
            continue  # it was changed or deleted meanwhile
