"""What every answer carries, and which Host names we answer to."""

import ipaddress
from collections.abc import Iterable, Sequence

from flask import abort, current_app, request
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response

from webapp import access
from webapp.home_network import Network, within

# All from here and in files of its own: no inline script or style, nothing of others, nobody frames us.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class NotAtHome(Forbidden):
    """Somebody asks from outside the home network."""


def protect(response: Response) -> Response:
    """Add the security headers; whatever is not a static file is personal and is not kept anywhere."""
    headers = response.headers
    headers["Content-Security-Policy"] = _POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"  # CSRF protection under https needs it for our own forms
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.endpoint != "static":
        headers["Cache-Control"] = "no-store"
    return response


def check_peer() -> None:
    """Refuse (403) whoever does not ask from the home network, where the site is for that alone."""
    home = current_app.config["SURVEY_HOME"]
    if home is not None and not within(request.remote_addr, home):
        access.nobody()
        raise NotAtHome


def check_host() -> None:
    """Refuse (421) a request under a name that is not ours.

    DNS rebinding makes a browser send a foreign site's requests here under that site's name; an address in
    digits cannot be rebound, so those pass (on a home network's page: its own addresses only, so that a
    forwarded port of the router opens nothing).
    """
    config = current_app.config
    if not host_is_ours(request.host, config["SURVEY_NAMES"], config["SURVEY_HOME"]):
        abort(421)


def host_is_ours(host: str, names: Iterable[str], home: Sequence[Network] | None = None) -> bool:
    """Whether the Host header `host` (with or without a port) is an address (in `home`) or one of `names`."""
    bare = host.lower().rstrip(".")
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return bare in {"localhost", *(name.lower() for name in names)}
    return home is None or within(bare, home)
