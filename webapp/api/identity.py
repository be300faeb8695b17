"""Which device stands behind a request: its certificate as the TLS listener in front of us verified it.

The listener (nginx, or the embedded node's own) has checked the chain and hands the certificate on in a
header. Anybody on this machine could send such a header, so it counts only beside the secret that we share
with the listener. Used by the REST API, enrolment and the gateway alike; it knows no web framework.
"""

import hmac
from datetime import datetime
from typing import Protocol
from urllib.parse import unquote

from couch.admission import CERTIFICATE_HEADER, SECRET_HEADER
from couch.certificate import BadCertificate, CertificateFacts, read_certificate

_LARGEST_HEADER = 16 * 1024


class Headers(Protocol):
    """A request's headers: the names in any case, None for an absent one (werkzeug's, aiohttp's)."""

    def get(self, name: str, /) -> str | None: ...


class Unidentified(Exception):  # noqa: N818 - named for what the caller is
    """No device stands behind the request. The message says why in one line, without naming anybody."""


class NotFromProxy(Unidentified):
    """The request did not come through the TLS listener: what it says of itself counts for nothing."""


class NoCertificate(Unidentified):
    """It came through the listener, but showed no certificate."""


class UnfitCertificate(Unidentified):
    """It showed a certificate that is none of a device of the survey, or is out of its time."""


def check_proxy(headers: Headers, secret: bytes) -> None:
    """Raises NotFromProxy unless the request carries the secret of the listener.

    A header that was sent twice arrives as one joined text, which equals no secret.
    """
    given = headers.get(SECRET_HEADER) or ""
    if not secret or not hmac.compare_digest(given.encode(errors="replace"), secret):
        raise NotFromProxy("this address is served through the survey's TLS listener only")


def device_behind(headers: Headers, secret: bytes, now: datetime) -> CertificateFacts:
    """The facts of the certificate that the listener verified. `now` is real time.

    The validity is looked at again, since a connection outlives a certificate. Whether it was revoked is
    asked by serial elsewhere. Raises NotFromProxy, NoCertificate, UnfitCertificate.
    """
    check_proxy(headers, secret)
    escaped = headers.get(CERTIFICATE_HEADER) or ""
    if not escaped:
        raise NoCertificate("no client certificate was shown")
    if len(escaped) > _LARGEST_HEADER:
        raise UnfitCertificate("the client certificate is too large")
    try:
        facts = read_certificate(unquote(escaped).encode())
    except BadCertificate as err:
        raise UnfitCertificate(str(err)) from err
    if not facts.valid_at(now):
        when = "is not valid yet" if now < facts.not_before else "has expired"
        raise UnfitCertificate(f"the client certificate {when}")
    return facts
