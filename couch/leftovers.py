"""What an erased household leaves in a server's system databases.

Each is deleted first, which ends what depends on it, then purged, since a tombstone keeps its id for good.
Needs the server's administrator; every step can be repeated. Raises CouchError.
"""

from collections.abc import Collection

from couch.accounts import USERS, user_id
from couch.client import Server
from couch.compaction import compact
from couch.database import Database
from couch.documents.fields import Json
from couch.errors import Conflict, NotFound
from couch.replication_jobs import touches

_REPLICATIONS = "_replicator"
_PROBE = "_design/compaction"  # the replicator takes any other document for a replication


def forget_replications(server: Server, databases: Collection[str]) -> int:
    """Remove the documents of `_replicator` that name one of these databases; how many there were."""
    documents = server.database(_REPLICATIONS)
    return _forget(documents, [doc["_id"] for doc in _all(documents) if touches(doc, databases)])


def forget_accounts(server: Server, role: str, *, keep: Collection[str]) -> int:
    """Remove the accounts that have `role`, but for those named in `keep`; how many there were."""
    users = server.database(USERS)
    found = [doc for doc in _all(users) if role in doc.get("roles", ()) and doc.get("name") not in keep]
    return _forget(users, [doc["_id"] for doc in found])


def forget_document(database: Database, doc_id: str) -> None:
    """Purge every leaf revision of a document, conflicting and deleted ones too."""
    while revs := [leaf["_rev"] for leaf in database.leaves(doc_id)]:
        database.purge({doc_id: revs})


def compact_system(server: Server, account: str) -> None:
    """Rewrite the files of accounts and replications, so that nothing of what was removed stays in them.

    `account`: one that stays; its document is written once more.
    """
    compact(server.database(USERS), user_id(account))
    replications = server.database(_REPLICATIONS)
    if replications.exists():
        replications.replace(_PROBE, lambda _stored: {"language": "javascript"})
        compact(replications, _PROBE)
        _forget(replications, [_PROBE])


def _all(database: Database) -> list[Json]:
    try:
        return list(database.documents())
    except NotFound:
        return []  # no such database: nothing was written down


def _forget(database: Database, doc_ids: Collection[str]) -> int:
    for doc_id in doc_ids:
        _delete(database, doc_id)
        forget_document(database, doc_id)
    return len(doc_ids)


def _delete(database: Database, doc_id: str) -> None:
    while (stands := database.find(doc_id)) is not None:
        try:
            database.delete(doc_id, stands["_rev"])
        except (Conflict, NotFound):
            continue  # it was changed or deleted meanwhile
