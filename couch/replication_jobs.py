"""Ending replications that a server runs.

A one-shot of `POST /_replicate` goes on when whoever asked for it is gone. Needs the server's administrator.
"""

from collections.abc import Collection, Iterator
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from couch.client import Server
from couch.documents.fields import Json
from couch.errors import NotFound

_MOST_JOBS = 10_000  # CouchDB answers 100 where nothing else is asked for
_CANCEL_WITHIN_S = 120.0  # CouchDB 3.5 first waits for what the job has asked of a silent peer: 60 s


def replication_jobs(server: Server) -> list[Json]:
    """What runs or waits to run, as `_scheduler/jobs` tells it. Raises CouchError."""
    answer = server.transport.request("GET", "_scheduler", "jobs", params={"limit": _MOST_JOBS})
    return cast(list[Json], answer["jobs"])


def stop_replications(server: Server, databases: Collection[str]) -> int:
    """End what runs from or into a database of one of these names, one-shots too; how many that were.

    Raises CouchError.
    """
    stopped = 0
    for row in replication_jobs(server):
        if row.get("doc_id") is None and touches(row, databases):
            try:
                body = {"replication_id": row["id"], "cancel": True}
                server.transport.request("POST", "_replicate", body=body, timeout_s=_CANCEL_WITHIN_S)
            except NotFound:
                continue  # it ended meanwhile
            stopped += 1
    return stopped


def touches(replication: Json, databases: Collection[str]) -> bool:
    """Whether a replication, as a request, job or document says it, reads or writes one of these."""
    return any(name in databases for name in _names(replication))


def _names(replication: Json) -> Iterator[str]:
    for end in ("source", "target"):
        value: Any = replication.get(end)
        url = value.get("url", "") if isinstance(value, dict) else value
        if isinstance(url, str):
            yield unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
