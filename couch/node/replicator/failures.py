"""Why a replication does not run or did not end: one class for each next action."""


class ReplicationFailed(Exception):  # noqa: N818 - named for what happened, as people say it
    """A run ended before its end: it may be tried again and goes on from its checkpoint.

    Attributes: `error` and `reason` as CouchDB's replicator words them; neither holds a password.
    """

    def __init__(self, error: str, reason: str) -> None:
        super().__init__(f"{error}: {reason}")
        self.error, self.reason = error, reason


class BadReplication(ReplicationFailed):
    """What was asked for can never run: it must be written differently.

    Attributes: `status` what `POST /_replicate` answers.
    """

    def __init__(self, error: str, reason: str, *, status: int = 400) -> None:
        super().__init__(error, reason)
        self.status = status


class PeerRefused(ReplicationFailed):
    """A database answered a request with a status that a repeat will not change.

    Attributes: `status` the HTTP status; `error` and `reason` as the database sent them.
    """

    def __init__(self, error: str, reason: str, status: int) -> None:
        super().__init__(error, reason)
        self.status = status
