"""Session cookies: `base64url(name:seconds in hex:HMAC)`, in CouchDB's form.

Source: CouchDB `couch_httpd_auth:cookie_authentication_handler/2`.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass

from couch.node.answers import bad_request

COOKIE = "AuthSession"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a cookie claims, not yet checked."""

    name: str
    issued_s: int
    signature: bytes


def parse_ticket(cookie: str) -> Ticket | None:
    """The claim in a cookie; None where its time is no number.

    Raises:
        HttpError: 400 where it has another form.
    """
    try:
        raw = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
        name, issued, signature = raw.split(b":", 2)
        text = name.decode()
    except (binascii.Error, ValueError) as err:
        raise bad_request("Malformed AuthSession cookie. Please clear your cookies.") from err
    try:
        return Ticket(text, int(issued, 16), signature)
    except ValueError:
        return None


def issue(name: str, now_s: int, secret: bytes) -> str:
    """The cookie of a user who has just signed in; `secret` includes the account's salt."""
    claim = f"{name}:{now_s:X}".encode()
    raw = claim + b":" + hmac.digest(secret, claim, "sha256")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def is_valid(ticket: Ticket, now_s: int, secret: bytes, timeout_s: int) -> bool:
    """Whether the cookie is ours and not too old."""
    claim = f"{ticket.name}:{ticket.issued_s:X}".encode()
    ours = hmac.compare_digest(hmac.digest(secret, claim, "sha256"), ticket.signature)
    return ours and now_s < ticket.issued_s + timeout_s


def set_cookie(value: str, timeout_s: int, *, secure: bool) -> str:
    """The `Set-Cookie` header; an empty value signs out."""
    return f"{COOKIE}={value}; Version=1; Max-Age={timeout_s}; Path=/; HttpOnly{'; Secure' if secure else ''}"
