"""Which households changed: from `_db_updates`, or by asking each where the engine has none (design 11.5)."""

import logging
import threading

from anonymizer.backlog import Backlog
from couch.client import Server
from couch.errors import AccessDenied, NotFound, Unreachable
from couch.names import HOUSEHOLD_PREFIX, household_of

_log = logging.getLogger(__name__)


def all_households(admin: Server) -> list[str]:
    """The uuids of all households that have a database."""
    return [name.removeprefix(HOUSEHOLD_PREFIX) for name in admin.database_names(HOUSEHOLD_PREFIX)]


def follow(admin: Server, backlog: Backlog, poll_s: float, stop: threading.Event) -> None:
    """Put each household that changed into the backlog, until `stop` is set.

    It begins with everything that ever changed: between a listing and a feed that begins now, a change could
    slip through. Raises AccessDenied.
    """
    try:
        for update in admin.database_updates("0", stop=stop):
            household = household_of(update.name)
            if household is not None and update.kind != "deleted":
                backlog.add(household)
    except AccessDenied:
        raise
    except NotFound:
        _log.warning("the engine announces no changes of databases; each household is asked instead")
        _poll(admin, backlog, poll_s, stop)


def _poll(admin: Server, backlog: Backlog, poll_s: float, stop: threading.Event) -> None:
    seen: dict[str, str] = {}
    while not stop.is_set():
        try:
            for name in admin.database_names(HOUSEHOLD_PREFIX):
                seq = _update_seq(admin, name)
                if seq is not None and seen.get(name) != seq:
                    seen[name] = seq
                    backlog.add(name.removeprefix(HOUSEHOLD_PREFIX))
        except Unreachable:
            _log.warning("the centre's database does not answer; it is asked again")
        stop.wait(poll_s)


def _update_seq(admin: Server, name: str) -> str | None:
    try:
        return str(admin.database(name).info()["update_seq"])
    except NotFound:
        return None
