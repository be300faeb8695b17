"""Forgetting what is old and safe at the centre, so that a small card lasts (design section 6).

Only what the centre is shown to hold, revision for revision, by `_revs_diff`; and by `_purge`, which leaves
no tombstone to travel. The ledger of gaps is derived from the replica when it is lost, so gaps go together
with the measurements of their time.
"""

import logging
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from couch.database import Database
from couch.documents import Gap, stamp
from couch.errors import BadDocument

_log = logging.getLogger(__name__)
_PAGE = 500
_MEASUREMENT = "measurement:"


def prune(centre: Database, administered: Database, before: datetime) -> int:
    """Purge measurements and gaps that ended before `before` and that the centre holds; how many those were.

    `administered` is the replica as the engine's administrator, whom `_purge` needs. Raises CouchError.
    """
    old, purged = _old(administered, before), 0
    while page := dict(islice(old, _PAGE)):
        lacked = centre.revs_diff({doc_id: [rev] for doc_id, rev in page.items()})
        held = {doc_id: [rev] for doc_id, rev in page.items() if doc_id not in lacked}
        administered.purge(held)
        purged += len(held)
    if purged:
        _log.info("%d documents that the centre holds were forgotten here", purged)
    return purged


def _old(replica: Database, before: datetime) -> Iterator[tuple[str, str]]:
    limit = stamp(before)
    for doc in replica.documents(start="gap:", end="gap:\ufff0"):
        try:
            if Gap.from_json(doc).to_slot < before:
                yield doc["_id"], doc["_rev"]
        except BadDocument:
            continue  # what cannot be dated is kept
    for doc_id, rev in replica.rows(start=_MEASUREMENT, end=_MEASUREMENT + "\ufff0"):
        if doc_id.split(":", 2)[-1] < limit:  # times of one form sort as texts
            yield doc_id, rev
