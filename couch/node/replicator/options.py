"""How this node's replicator behaves: the `[replicator]` part of the node's settings."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ReplicatorOptions:
    """Defaults of every replication and limits of the scheduler, values as in CouchDB's `[replicator]`.

    Attributes: `cert_file` and `key_file` (PEM) the identity that this node shows to `https` peers, taken up
    anew when the files change; `ssl_ca` (PEM) the authorities that peers' certificates are checked against,
    None for the system's; `verify_ssl` False accepts any certificate, for tests alone.
    """

    cert_file: Path | None = None
    key_file: Path | None = None
    ssl_ca: Path | None = None
    verify_ssl: bool = True
    batch_size: int = 500  # changes read at once
    batch_bytes: int = 4_000_000  # about the size of the documents held at once; two such batches in memory
    http_connections: int = 10  # requests for single documents at once, where the source has no _bulk_get
    connection_timeout_s: float = 30.0  # silence after which a request has failed
    retries_per_request: int = 5
    retry_wait_s: float = 0.25  # before the first repeat of a request; doubled each time
    checkpoint_interval_s: float = 30.0
    heartbeat_s: float = 10.0  # asked of the source's feed by a continuous replication
    max_jobs: int = 500  # more wait until one of the running ends
    max_history: int = 20  # events kept of a job
    health_threshold_s: float = 120.0  # a crash after a longer run does not count as a repeated one
    backoff_s: float = 30.0  # after the first crash; doubled each time
    max_backoff_s: float = 30.0 * 2**10
    close_timeout_s: float = 5.0  # for the last checkpoints when the node stops
