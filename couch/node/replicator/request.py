"""What a replication is: the body of `POST /_replicate` or a `_replicator` document, read and checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from couch.documents.fields import Json
from couch.node.replicator.endpoint import Endpoint, endpoint_of
from couch.node.replicator.failures import BadReplication
from couch.node.replicator.options import ReplicatorOptions

LocalEndpoint = Callable[[str], Endpoint]


@dataclass(frozen=True, slots=True)
class Replication:
    """One replication, as wanted by `user`; `document` is the id of the `_replicator` document that wants it.

    At most one of `doc_ids`, `selector` and `filter` is set. `filter` is `design/name`, or `_view`.
    `since_seq` overrides the checkpoint. Times in seconds.
    """

    source: Endpoint
    target: Endpoint
    user: str | None = None
    document: str | None = None
    continuous: bool = False
    create_target: bool = False
    create_target_params: Mapping[str, Any] = field(default_factory=dict)
    winning_revs_only: bool = False
    doc_ids: tuple[str, ...] | None = None
    selector: Json | None = None
    filter: str | None = None
    query_params: Mapping[str, Any] = field(default_factory=dict)
    since_seq: Any = None
    use_checkpoints: bool = True
    use_bulk_get: bool = True
    checkpoint_interval_s: float = 30.0
    batch_size: int = 500
    http_connections: int = 10
    connection_timeout_s: float = 30.0
    retries: int = 5


def replication_of(
    body: Json,
    *,
    user: str | None,
    options: ReplicatorOptions,
    local: LocalEndpoint | None = None,
    document: str | None = None,
) -> Replication:
    """The replication that `body` asks for. Unknown members are passed over, as CouchDB does.

    `local` turns the name of a database of this node into an endpoint; None: such names are refused.
    Raises BadReplication.
    """
    read = _Reader(body)
    source = endpoint_of(body.get("source"), local)
    target = endpoint_of(body.get("target"), local)
    doc_ids, selector, name = read.doc_ids(), read.object("selector"), body.get("filter")
    if sum(part is not None for part in (doc_ids, selector, name)) > 1:
        raise BadReplication("bad_request", "`doc_ids`,`filter`,`selector` are mutually exclusive")
    if name is not None and (not isinstance(name, str) or (name[:1] != "_" and "/" not in name)):
        raise BadReplication("error", "Invalid filter. Must match `ddocname/filtername`.", status=500)
    return Replication(
        source=source,
        target=target,
        user=user,
        document=document,
        continuous=read.boolean("continuous", default=False),
        create_target=read.boolean("create_target", default=False),
        create_target_params=read.object("create_target_params", "must be a JSON object") or {},
        winning_revs_only=read.boolean("winning_revs_only", default=False),
        doc_ids=doc_ids,
        selector=selector,
        filter=name,
        query_params=read.object("query_params", "must be an object") or {},
        since_seq=body.get("since_seq"),
        use_checkpoints=body.get("use_checkpoints", True) is not False,
        use_bulk_get=read.boolean("use_bulk_get", default=True),
        checkpoint_interval_s=read.milliseconds("checkpoint_interval", options.checkpoint_interval_s),
        batch_size=read.count("worker_batch_size", options.batch_size),
        http_connections=read.count("http_connections", options.http_connections),
        connection_timeout_s=read.milliseconds("connection_timeout", options.connection_timeout_s),
        retries=read.count("retries_per_request", options.retries_per_request, least=0),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads members of a body with CouchDB's words for what is wrong."""

    body: Json

    def boolean(self, name: str, *, default: bool) -> bool:
        value = self.body.get(name, default)
        if not isinstance(value, bool):
            raise BadReplication("bad_request", f"parameter `{name}` must be a boolean")
        return value

    def object(self, name: str, wanted: str = "must be a JSON object") -> Json | None:
        if name not in self.body:
            return None
        value = self.body[name]
        if not isinstance(value, dict):
            raise BadReplication("bad_request", f"parameter `{name}` {wanted}")
        return value

    def doc_ids(self) -> tuple[str, ...] | None:
        """The wanted ids, sorted and each once; percent-encoded ones are decoded, as CouchDB does."""
        value = self.body.get("doc_ids")
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(doc_id, str) for doc_id in value):
            raise BadReplication("bad_request", "parameter `doc_ids` must be an array")
        return tuple(sorted({unquote(doc_id) for doc_id in value}))

    def count(self, name: str, default: int, *, least: int = 1) -> int:
        value = self.body.get(name, default)
        try:
            count = int(value)
        except (TypeError, ValueError):
            count = least - 1
        if count < least:
            raise BadReplication("bad_request", f"parameter `{name}` must be an integer from {least}")
        return count

    def milliseconds(self, name: str, default_s: float) -> float:
        return self.count(name, int(default_s * 1000)) / 1000 if name in self.body else default_s
