"""What can be refused, as RFC 9457 problems: one table, which answers, documentation and tests read.

The `type` of a problem is a place on the page /api of this same host that says what to do about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of refusal. `title` never changes between two occurrences; `remedy`: what to do."""

    name: str
    status: int
    title: str
    remedy: str

    @property
    def type(self) -> str:
        """The URI reference that identifies the kind."""
        return f"/api#{self.name}"


_ALL = (
    Problem(
        "bad-query",
        400,
        "The address is not understood",
        "Correct the named parameters; each may stand there once, and no others.",
    ),
    Problem(
        "malformed",
        400,
        "The body is not understood",
        "Send one JSON object in UTF-8, or no body where none is taken.",
    ),
    Problem(
        "certificate-required",
        401,
        "A device's certificate is required",
        "Connect over mutual TLS with the certificate of a device.",
    ),
    Problem(
        "certificate-unfit",
        401,
        "The certificate does not serve",
        "Renew the certificate, or enrol the device anew; check the clock.",
    ),
    Problem(
        "sign-in-required", 401, "Signing in is required", "Sign in as a researcher or an administrator."
    ),
    Problem(
        "certificate-revoked",
        403,
        "The certificate was revoked",
        "Ask the administrator; the device must be enrolled anew.",
    ),
    Problem(
        "scope-missing",
        403,
        "The certificate lacks the scope",
        "Use a certificate with the scope that this endpoint asks for.",
    ),
    Problem(
        "role-missing", 403, "Not for this role", "Sign in with an account that has one of the named roles."
    ),
    Problem(
        "consent-revoked",
        403,
        "Consent was revoked",
        "Never send it again: no measurement of this household will ever be taken.",
    ),
    Problem(
        "rules-refused",
        403,
        "The rules of the household's database refuse it",
        "Do not resend it unchanged; the detail says which rule.",
    ),
    Problem("not-found", 404, "Nothing is here", "Check the address and the identifiers in it."),
    Problem("method-not-allowed", 405, "Not with this method", "Use a method that the header Allow names."),
    Problem("not-acceptable", 406, "Only JSON is spoken here", "Accept application/json."),
    Problem(
        "consent-not-granted",
        409,
        "Consent is not granted",
        "Keep the measurement and send it once the household shows that consent is granted.",
    ),
    Problem(
        "consent-stands",
        409,
        "Consent is granted already",
        "Nothing to do: granting happens once. Revoking is the only step left.",
    ),
    Problem(
        "consent-ended",
        409,
        "Consent is revoked already",
        "Nothing to do: a revocation cannot be reversed, not by granting either.",
    ),
    Problem(
        "measurement-differs",
        409,
        "Another measurement stands in this slot",
        "Never send it again: measurements are written once and never changed.",
    ),
    Problem(
        "too-large", 413, "The body is too large", "One request carries one measurement, of 64 KiB at most."
    ),
    Problem("unsupported-media-type", 415, "The body is of another type", "Send application/json."),
    Problem(
        "misdirected", 421, "Not under this name", "Use the host name that the settings of the device hold."
    ),
    Problem("invalid", 422, "The content breaks the schema", "Correct the named fields."),
    Problem(
        "unknown-meter",
        404,
        "The household has no such meter",
        "Send measurements of meters that GET /household/meter lists.",
    ),
    Problem(
        "internal", 500, "Something went wrong here", "Try again later; if it repeats, tell the researchers."
    ),
    Problem(
        "database-refused",
        502,
        "The database refused the service",
        "Tell the researchers; the service's log names the cause.",
    ),
    Problem(
        "unavailable", 503, "The database does not answer", "Try again later, as the header Retry-After says."
    ),
)
PROBLEMS: Mapping[str, Problem] = {problem.name: problem for problem in _ALL}


class Refusal(Exception):  # noqa: N818 - named for what the caller gets
    """The request is refused with a problem of the table.

    `detail`: one sentence for people, about this occurrence, without secrets, names or ids of others.
    `members`: further members of the answer; `headers`: further headers of it.
    """

    def __init__(
        self, name: str, detail: str = "", *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        self.problem = PROBLEMS[name]
        self.detail = detail or self.problem.remedy
        self.headers = dict(headers or {})
        self.members = members
        super().__init__(f"{name}: {self.detail}")

    def body(self) -> dict[str, Any]:
        """The members of the answer."""
        problem = self.problem
        return {
            "type": problem.type,
            "title": problem.title,
            "status": problem.status,
            "detail": self.detail,
            **self.members,
        }
