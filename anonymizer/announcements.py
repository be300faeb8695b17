"""Which households changed: from `_db_updates`, or by asking each where the engine has none (design 11.5)."""

import logging
import re
import threading

from anonymizer.backlog import Backlog
from couch.client import Server
from couch.documents.fields import UUID_PATTERN
from couch.errors import AccessDenied, NotFound, Refused, Unreachable
from couch.names import HOUSEHOLD_PREFIX, household_database, household_of

_log = logging.getLogger(__name__)
_UUID = re.compile(UUID_PATTERN)


def all_households(admin: Server) -> list[str]:
    """The uuids of all households that have a database."""
    return [found for name in admin.database_names(HOUSEHOLD_PREFIX) if (found := _household(name))]


def follow(admin: Server, backlog: Backlog, poll_s: float, stop: threading.Event) -> None:
    """Put each household that changed into the backlog, until `stop` is set.

    It begins with everything that ever changed: between a listing and a feed that begins now, a change could
    slip through. Raises AccessDenied.
    """
    try:
        for update in admin.database_updates("0", stop=stop):
            household = _household(update.name)
            if household is not None and update.kind != "deleted":
                backlog.add(household)
    except AccessDenied:
        raise
    except Refused:
        _log.warning("the engine announces no changes of databases; each household is asked instead")
        _poll(admin, backlog, poll_s, stop)


def _poll(admin: Server, backlog: Backlog, poll_s: float, stop: threading.Event) -> None:
    seen: dict[str, str] = {}
    while not stop.is_set():
        try:
            for household in all_households(admin):
                seq = _update_seq(admin, household)
                if seq is not None and seen.get(household) != seq:
                    seen[household] = seq
                    backlog.add(household)
        except Unreachable:
            _log.warning("the centre's database does not answer; it is asked again")
        stop.wait(poll_s)


def _household(database: str) -> str | None:
    """The household's uuid; None for a database that only looks like a household's."""
    household = household_of(database)
    return household if household is not None and _UUID.match(household) else None


def _update_seq(admin: Server, household: str) -> str | None:
    try:
        return str(admin.database(household_database(household)).info()["update_seq"])
    except NotFound:
        return None
