"""Documents of `_replicator`: what the replicator writes into them, and who may see what of them. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from couch.clock import to_rfc3339
from couch.documents.fields import Json
from couch.node.answers import forbidden
from couch.node.replicator.endpoint import endpoint_of
from couch.node.replicator.failures import BadReplication
from couch.node.replicator.options import ReplicatorOptions
from couch.node.replicator.request import replication_of
from couch.node.user import UserCtx

DATABASE = "_replicator"


def checked(document: Json, user: UserCtx) -> Json:
    """`document` as it may be stored when `user` writes it: with its owner.

    Raises HttpError 403 for one that can never run, and for one of another user.
    """
    owner = document.get("owner")
    if owner is None:
        document = {**document, "owner": user.name}
    elif owner != user.name and not user.is_admin:
        raise forbidden("Can't update replication documents from other users.")
    if document.get("_deleted") is not True and document.get("_replication_state") != "failed":
        try:
            replication_of(document, user=user.name, options=ReplicatorOptions())
        except BadReplication as err:
            raise forbidden(err.reason) from err
    return document


def shown(document: Json, user: UserCtx) -> Json:
    """`document` as `user` may see it: without the credentials of others."""
    if user.is_admin or (user.name is not None and document.get("owner") == user.name):
        return document
    ends: Json = {end: _without_credentials(document[end]) for end in ("source", "target") if end in document}
    return {**document, **ends}


def completed(document: Json, stats: Mapping[str, Any], now: datetime) -> Json:
    """`document` saying that its replication reached the end of the source."""
    return _with_state(document, "completed", now) | {"_replication_stats": dict(stats)}


def failed(document: Json, reason: str, now: datetime) -> Json:
    """`document` saying that its replication can never run."""
    return _with_state(document, "failed", now) | {"_replication_state_reason": reason}


def row(document: Json) -> Json:
    """The row of `_scheduler/docs` for a document that has no job."""
    state, time = document.get("_replication_state"), document.get("_replication_state_time")
    info: Json | None = None
    start: str | None = None
    if state == "completed":
        info = dict(document.get("_replication_stats") or {})
        start = info.pop("start_time", None)
    elif state == "failed":
        info, start = {"error": document.get("_replication_state_reason")}, time
    else:
        state = None
    return {
        "database": DATABASE,
        "doc_id": document["_id"],
        "id": None,
        "source": _shown_url(document.get("source")),
        "target": _shown_url(document.get("target")),
        "state": state,
        "error_count": 1 if state == "failed" else 0,
        "info": info,
        "start_time": start,
        "last_updated": time,
    }


def _with_state(document: Json, state: str, now: datetime) -> Json:
    left_out = ("_replication_stats", "_replication_state_reason")
    kept = {name: value for name, value in document.items() if name not in left_out}
    return kept | {"_replication_state": state, "_replication_state_time": to_rfc3339(now)}


def _without_credentials(end: Any) -> Any:
    if isinstance(end, dict):
        kept = {name: value for name, value in end.items() if name not in ("headers", "auth")}
        return kept | ({"url": _shown_url(end["url"])} if "url" in end else {})
    return _shown_url(end)


def _shown_url(end: Any) -> str | None:
    """The URL without credentials; None for what cannot be read, since it may hold a password."""
    try:
        return endpoint_of(end, None).url
    except BadReplication:
        return None
