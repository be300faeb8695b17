"""The id of a replication: the name of its checkpoints, the same after each restart."""

import hashlib
import json
from typing import Any

from couch.node.replicator.request import Replication


def base_id(node_uuid: str, replication: Replication, filter_code: str | None) -> str:
    """32 hex digits that stand for this node, both endpoints and what is copied; `_local/<this>` on both.

    `filter_code` is the source of the filter function: a changed function is another replication.
    Passwords are no part of it: a new one goes on from the old checkpoint.
    """
    what: list[Any] = [node_uuid, replication.source.identity(), replication.target.identity()]
    if replication.doc_ids is not None:
        what.append(["doc_ids", replication.doc_ids])
    elif replication.selector is not None:
        what.append(["selector", replication.selector])
    elif replication.filter is not None:
        what.append(["filter", filter_code or replication.filter, replication.query_params])
    if replication.winning_revs_only:
        what.append("winning_revs_only")
    text = json.dumps(what, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def full_id(base: str, replication: Replication) -> str:
    """The id that `_scheduler/jobs` and the answers show: the base and how it runs."""
    extension = "+continuous" if replication.continuous else ""
    return base + extension + ("+create_target" if replication.create_target else "")


def canonical_id(text: str) -> str:
    """The id as it was before a client sent its "+" as a space."""
    return text.replace(" ", "+")
