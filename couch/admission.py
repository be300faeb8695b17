"""What a door in front of the database decides about a request, and what it tells those behind it.

Two doors hand these values around: nginx with the gateway's blueprint, and the embedded node's own TLS
listener. The decision itself is a pure function in the gateway's package; `couch` knows its form alone.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, Protocol

# Where an admitted request goes: to the database, or to the centre's pages process for the two others.
Door = Literal["database", "api", "enrolment"]

# What a door tells the process behind it. Whatever a client sends under these names is dropped.
CERTIFICATE_HEADER = "X-Survey-Client-Cert"  # PEM, percent-encoded: nginx's $ssl_client_escaped_cert
SECRET_HEADER = "X-Survey-Proxy-Secret"  # noqa: S105 - a header's name; only a door knows the value
TARGET_HEADER = "X-Survey-Target"  # the raw request target
METHOD_HEADER = "X-Survey-Method"
ADDRESS_HEADER = "X-Forwarded-For"  # the peer's address, one, set by the door
SCHEME_HEADER = "X-Forwarded-Proto"

# What the gateway answers to nginx.
TOKEN_HEADER = "X-Survey-Authorization"  # noqa: S105 - a header's name
ERROR_HEADER = "X-Survey-Error"
REASON_HEADER = "X-Survey-Reason"

JSON = "application/json"
PROBLEM = "application/problem+json"  # RFC 9457
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9._~:%/-]{0,200}")
DATABASE_PREFIX = "/household-"  # below it a refusal is JSON as CouchDB sends it, elsewhere a problem

# The headers of a request that reach the database or the pages; every other one ends at the door.
PASSED_REQUEST_HEADERS = ("Accept", "Content-Type", "If-Match", "If-None-Match")


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """The request may pass: as `subject` with `roles`, which `token` (JWT) says to the database.

    `token` is empty where no database is asked.
    """

    door: Door
    subject: str = ""
    roles: tuple[str, ...] = ()
    token: str = ""


@dataclass(frozen=True, slots=True)
class Denied:
    """The request ends here. `status` 401 or 403; `error` is what a program acts on, `reason` is for people.

    Neither holds a quotation mark, a backslash or anything that the client sent.
    """

    status: Literal[401, 403]
    error: str
    reason: str


def refusal_body(denied: Denied) -> dict[str, str | int]:
    """What the client of either door reads: members of CouchDB's errors and of a problem (RFC 9457)."""
    return {
        "error": denied.error,
        "reason": denied.reason,
        "type": "about:blank",
        "title": HTTPStatus(denied.status).phrase,
        "status": denied.status,
        "detail": denied.reason,
        "code": denied.error,
    }


def shown_path(target: str) -> str:
    """What a log may hold of a request target: its path, where that is in a plain form.

    A query may hold anything, and an absolute form somebody's password.
    """
    path = target.partition("?")[0]
    return path if _PLAIN_PATH.fullmatch(path) else f"(another form, {len(target)} characters)"


class Authorize(Protocol):
    """Judges one request. May wait for look-ups: not to be called in an event loop.

    `certificate`: the peer's, verified by TLS, in DER or PEM; None: it showed none. `target` is the request
    target exactly as it was sent. Raises CouchError or Fault when it cannot be judged now: nothing passes.
    """

    def __call__(self, certificate: bytes | None, method: str, target: str) -> Admitted | Denied: ...
