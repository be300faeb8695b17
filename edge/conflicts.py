"""How many documents of the replica have more than one living revision.

Measurements and gaps are left out: this device alone writes them, once, and there are too many to look at.
"""

from couch.database import Database

# What lies around `gap:` and `measurement:`; ";" follows ":" in the order of ids.
_RANGES = ((None, "gap:"), ("gap;", "measurement:"), ("measurement;", None))


def count_conflicts(replica: Database) -> int:
    """Three short requests. Raises CouchError."""
    return sum(
        "_conflicts" in doc
        for start, end in _RANGES
        for doc in replica.documents(start=start, end=end, conflicts=True)
    )
