"""What comes back from design functions beside results. Imports nothing heavy: the worker loads it."""

from typing import Any, NamedTuple

_STATUS = {"forbidden": 403, "unauthorized": 401}


class Rejection(NamedTuple):
    """A validator's refusal of one document.

    `kind` is "forbidden", "unauthorized", or the name of the error where the validator failed in another
    way (`unknown_error`, `TypeError` ...), as CouchDB names it. `reason` is what was thrown: nearly always
    a text.
    """

    kind: str
    reason: Any

    @property
    def status(self) -> int:
        """The HTTP status of it: 403, 401, or 500 where the validator itself failed."""
        return _STATUS.get(self.kind, 500)


class JsError(Exception):
    """A design function could not be compiled, took too long or too much memory, or threw where it must not.

    Attributes: `error` and `reason` as CouchDB words them; `status` the HTTP status.
    """

    def __init__(self, error: str, reason: str, status: int = 500) -> None:
        super().__init__(f"{error}: {reason}")
        self.error, self.reason, self.status = error, reason, status
