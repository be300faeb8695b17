"""A household's measurements and gaps out of all months of research, files included.

Needs the server's administrator, who alone may list databases and purge. Every step can be repeated.
"""

from collections.abc import Callable, Iterator

from couch.client import Database, Server
from couch.compaction import compact
from couch.names import MONTH_PREFIX
from couch.research import DESIGN

_PROBE = "_design/compaction"  # analysts' ranges and views pass over it
_PURGED_AT_ONCE = 1000
_VIEWS = ("slots_by_household_day", "gaps_by_household")


def month_databases(admin: Server) -> list[Database]:
    """All months, oldest first."""
    return [admin.database(name) for name in admin.database_names(MONTH_PREFIX)]


def ids_of(month: Database, pseudonym: str, **limits: int) -> Iterator[str]:
    """The ids of a household's measurements, then of its gaps, in one month; `limit` of each."""
    for view in _VIEWS:
        low, high = [pseudonym], [pseudonym, {}]
        for row in month.view(DESIGN, view, start_key=low, end_key=high, reduce=False, **limits):
            if row.id is not None:
                yield row.id


def months_of(admin: Server, pseudonym: str) -> list[str]:
    """The names of the months that hold something of a household, oldest first."""
    return [month.name for month in month_databases(admin) if list(ids_of(month, pseudonym, limit=1))]


def purge_readings(month: Database, pseudonym: str, may_go_on: Callable[[], None] = lambda: None) -> int:
    """Purge a household from a month; how many documents went. They are in its files until it is compacted.

    Raises CouchError.
    """
    purged = 0
    while ids := list(ids_of(month, pseudonym, limit=_PURGED_AT_ONCE)):
        may_go_on()
        # A rival revision wins once the winner is purged; the next round sees it in the view.
        month.purge({doc["_id"]: [doc["_rev"]] for doc in month.documents(keys=ids)})
        purged += len(ids)
    return purged


def compact_whole(database: Database) -> None:
    """Compact views and documents, the end seen by a document made for that and forgotten again.

    The engine's list of purged ids is cut to its last entry: a database of measurements must not go on
    naming the slots and meters of those that went. Raises CouchError.
    """
    transport = database.server.transport
    transport.request("PUT", database.name, "_purged_infos_limit", body=1, repeatable=True)
    try:
        database.replace(_PROBE, lambda _stored: {"language": "javascript"})
        compact(database, _PROBE)
        forget(database, _PROBE)
    finally:
        transport.request("PUT", database.name, "_purged_infos_limit", body=1000, repeatable=True)


def forget(database: Database, doc_id: str) -> bool:
    """Purge a document with all its leaves; False when there was none."""
    leaves = [leaf["_rev"] for leaf in database.leaves(doc_id)]
    if leaves:
        database.purge({doc_id: leaves})
    return bool(leaves)
