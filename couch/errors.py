"""What can go wrong at the database: one class for each next action of the caller.

Every message is for people: what happened, what it means, what to do. None holds a password.
"""


class CouchError(Exception):
    """Anything that the database or the way to it refused."""


class Unreachable(CouchError):  # noqa: N818 - named for what happened, as people say it
    """Nobody answered, or answered in time: retry later, nothing is known about the request's effect."""


class Refused(CouchError):  # noqa: N818
    """The database will never accept this as it is (validator, malformed): do not resend unchanged.

    Attributes: `error` and `reason` as CouchDB sent them, `status` the HTTP status.
    """

    def __init__(self, message: str, *, error: str = "", reason: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.error, self.reason, self.status = error, reason, status


class AccessDenied(Refused):
    """Wrong credentials or a missing role: the configuration must change before another try."""


class NotFound(Refused):
    """No such database, document or view. Over the gateway: "not reachable now", never "erased"."""


class Conflict(Refused):
    """Another revision stands there: read it; if its content is equal, the write is done."""


class BadDocument(CouchError):  # noqa: N818
    """A stored or handed-in document breaks its model.

    Attributes: `document` its id, `field` the path inside it, `reason` in words.
    """

    def __init__(self, document: str, field: str, reason: str) -> None:
        super().__init__(f"document {document}: field {field}: {reason}")
        self.document, self.field, self.reason = document, field, reason


class Fault(Exception):  # noqa: N818
    """Something only a person can mend: the message says what happened, why, and what to do.

    The command line prints it on one line and exits with 2.
    """
