"""Waiting for something to be true of a database, woken by its changes feed."""

import threading
import time
from collections.abc import Callable

from couch.client import Database
from couch.errors import Fault, NotFound

_LAST = "￰"  # sorts behind every id that begins as asked


def wait_until(database: Database, true: Callable[[], bool], what: str, *, within_s: float = 30.0) -> float:
    """Return once `true()` holds, looked at again after each change of `database`; seconds waited.

    Raises Fault naming `what` when it does not hold within `within_s` real seconds.
    """
    began = time.monotonic()
    stop = threading.Event()
    timer = threading.Timer(within_s, stop.set)
    timer.daemon = True
    timer.start()
    try:
        since = str(database.info()["update_seq"])
        if true():
            return time.monotonic() - began
        for _ in database.follow(since, stop=stop, include_docs=False):
            if true():
                return time.monotonic() - began
    finally:
        timer.cancel()
    raise Fault(f"{what} did not happen within {within_s:.0f} s")


def ids(database: Database, prefix: str) -> set[str]:
    """The ids in `database` that begin with `prefix`; none where there is no such database."""
    try:
        return {doc_id for doc_id, _ in database.rows(start=prefix, end=prefix + _LAST)}
    except NotFound:
        return set()
