"""Whether a month of research is as it was: what stands there, by the engine's own counts."""

from datetime import datetime
from typing import Any

import msgspec

from couch.client import Server
from couch.errors import NotFound
from couch.names import month_database


class MonthVersion(msgspec.Struct, frozen=True):
    """Equal: nothing was written, purged or made anew in between.

    `instance`: when the database was made; `update_seq` counts what was written, `purge_seq` what was purged.
    """

    instance: str
    update_seq: str
    purge_seq: str


def month_version(server: Server, month: datetime) -> MonthVersion | None:
    """The version of the month that `month` lies in; None where it is not there. Raises CouchError."""
    return database_version(server, month_database(month))


def database_version(server: Server, name: str) -> MonthVersion | None:
    """The same of any database. Raises CouchError."""
    try:
        info = server.database(name).info()
    except NotFound:
        return None
    return MonthVersion(
        instance=str(info["instance_start_time"]),
        update_seq=_number(info["update_seq"]),
        purge_seq=_number(info["purge_seq"]),
    )


def _number(sequence: Any) -> str:
    """The count in front: the rest names nodes and is written anew at each question."""
    return str(sequence).partition("-")[0]
