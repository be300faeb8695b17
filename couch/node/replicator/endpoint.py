"""One end of a replication: a database's URL and the account that reads or writes it."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from couch.documents.fields import Json
from couch.node.replicator.failures import BadReplication

_IN_PATHS = "/%:@!$&'()*+,;=~"  # what stands in a path as it is; "%" since the rest is encoded already
_DEFAULT_PORTS = {"http": (80, 5984), "https": (443,)}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A database over HTTP.

    Attributes: `url` without credentials, ending with "/"; `headers` further headers of each request;
    `local` the database's name where it is one of this node's own, whose address and headers change with each
    start and so are no part of the replication's identity.
    """

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    local: str | None = None

    def request_headers(self) -> dict[str, str]:
        """The headers of every request to it."""
        headers = dict(self.headers)
        if self.user is not None:
            credentials = f"{self.user}:{self.password or ''}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(credentials).decode()
        return headers

    def identity(self) -> list[Any]:
        """What distinguishes it from other endpoints, as in CouchDB's version 4 of replication ids.

        Neither password nor scheme, and no port where it is the usual one.
        """
        if self.local is not None:
            return ["local", self.user, self.local]
        parts = urlsplit(self.url)
        port = parts.port if parts.port not in _DEFAULT_PORTS.get(parts.scheme, ()) else None
        return [self.user, parts.hostname, port, parts.path, parts.query, sorted(map(list, self.headers))]


def endpoint_of(value: Any, local: Callable[[str], Endpoint] | None) -> Endpoint:
    """The endpoint that `value` (a URL, or an object with `url`, `headers`, `auth`) names.

    Credentials are taken from `auth.basic`, else from the URL, else from a basic `Authorization` header.
    Raises BadReplication; its words never repeat the URL, which may hold a password.
    """
    if value is None:
        raise BadReplication("error", "Missing replicator database", status=500)
    body: Json = value if isinstance(value, dict) else {"url": value}
    url = body.get("url")
    if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")):
        return _local(url, local)
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        raise BadReplication("error", "endpoint has an invalid url", status=500)
    headers, header_user = _headers(body.get("headers", {}))
    url_user = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
    user, password = _basic(body.get("auth", {})) or url_user or header_user or (None, None)
    netloc = parts.netloc.rpartition("@")[2]
    path = quote(parts.path, safe=_IN_PATHS)
    path = path if parts.query or path.endswith("/") else path + "/"
    clean = urlunsplit((parts.scheme.lower(), netloc, path, parts.query, ""))
    return Endpoint(clean, user, password, headers)


def _local(name: Any, local: Callable[[str], Endpoint] | None) -> Endpoint:
    if local is None:
        raise BadReplication("error", "local_endpoints_not_supported", status=500)
    return local(name if isinstance(name, str) else str(name))


def _headers(value: Any) -> tuple[tuple[tuple[str, str], ...], tuple[str, str] | None]:
    """The headers without basic credentials, and these credentials."""
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
        raise BadReplication("error", "endpoint has invalid headers", status=500)
    credentials: tuple[str, str] | None = None
    kept: list[tuple[str, str]] = []
    for name, text in sorted(value.items()):
        if name.lower() == "authorization" and text[:6].lower() == "basic ":
            credentials = _decoded(text[6:])
        else:
            kept.append((name, text))
    return tuple(kept), credentials


def _decoded(text: str) -> tuple[str, str] | None:
    try:
        user, _, password = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password


def _basic(auth: Any) -> tuple[str, str] | None:
    basic = auth.get("basic") if isinstance(auth, Mapping) else None
    if not isinstance(basic, Mapping):
        return None
    user, password = basic.get("username"), basic.get("password")
    return (user, password) if isinstance(user, str) and isinstance(password, str) else None
