"""What happens to each request that comes through the TLS listener, before the application sees it.

It is judged; whatever it says about who sent it is dropped; the identity that the decision gives is put on.
Requests for the REST API and for certificates go on to the centre's pages process, over loopback.
"""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import aiohttp
from aiohttp import HttpVersion10, HttpVersion11, web
from multidict import CIMultiDict
from yarl import URL

from couch.admission import (
    ADDRESS_HEADER,
    CERTIFICATE_HEADER,
    DATABASE_PREFIX,
    JSON,
    METHOD_HEADER,
    PASSED_REQUEST_HEADERS,
    PROBLEM,
    SCHEME_HEADER,
    SECRET_HEADER,
    TARGET_HEADER,
    Admitted,
    Authorize,
    Denied,
    refusal_body,
)
from couch.errors import CouchError, Fault
from couch.node.answers import HttpError, bad_request, json_bytes
from couch.node.keys import DOOR, SETTINGS
from couch.node.middleware import Handler
from couch.node.parameters import read_body
from couch.node.refusal_log import LOGGED
from couch.node.settings import TlsSettings
from couch.node.tls_listener import Connection, connection_of, peer_certificate

_log = logging.getLogger(__name__)
_THREADS = 4  # for the look-ups of decisions: they ask this very node, so they must not take its threads
_LARGEST_BEHIND = 1024 * 1024  # bytes of a request for the API or for a certificate
_SINGLE = ("Host", "Content-Length", "Transfer-Encoding", "Authorization", "Cookie", "Expect")
_FRAMING = ("Host", "Content-Length", "Transfer-Encoding")
_PASSED_ANSWER_HEADERS = (
    "Allow",
    "Cache-Control",
    "Content-Type",
    "ETag",
    "Last-Modified",
    "Link",
    "Location",
    "Retry-After",
    "WWW-Authenticate",
)


@web.middleware
async def through_the_door(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Judges what came through the TLS listener; everything else is none of its business."""
    connection = connection_of(request)
    if connection is None:
        return await handler(request)
    return await request.app[DOOR].let_through(request, connection, handler)


class Door:
    """Judges requests by `authorize`, and knows the process that answers what this node does not."""

    def __init__(self, authorize: Authorize, settings: TlsSettings, names: frozenset[str]) -> None:
        """`names`: what a request may call us by; empty: whatever it likes."""
        self._authorize, self._settings, self._names = authorize, settings, names
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="door")
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """After the last request."""
        if self._http is not None:
            await self._http.close()
        self._pool.shutdown(wait=False)

    async def let_through(
        self, request: web.Request, connection: Connection, handler: Handler
    ) -> web.StreamResponse:
        """The answer to one request. Raises HttpError."""
        connection.begin()
        try:
            async with asyncio.timeout(self._settings.request_s):
                return await self._answer(request, handler)
        except TimeoutError as err:
            # So that whoever was admitted a minute ago is judged again.
            raise HttpError(408, "timeout", "the request took too long") from err
        finally:
            connection.end()

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        _check_headers(request, self._names)
        certificate = peer_certificate(request)
        decision = await self._judge(certificate, request.method, request.raw_path)
        if isinstance(decision, Denied):
            kind = JSON if request.raw_path.startswith(DATABASE_PREFIX) else PROBLEM
            request[LOGGED] = True  # by who decided
            body = json_bytes(refusal_body(decision))
            return web.Response(body=body, status=decision.status, content_type=kind)
        if decision.door != "database":
            return await self._from_behind(request, certificate)
        if (request.content_length or 0) > request.app[SETTINGS].max_request_mb * 1024 * 1024:
            raise HttpError(413, "too_large", "the request entity is too large")  # before all of it is here
        headers = _kept(request, (*PASSED_REQUEST_HEADERS, *_FRAMING))
        headers["Authorization"] = decision.token
        return await handler(request.clone(headers=headers))

    async def _judge(self, certificate: bytes | None, method: str, target: str) -> Admitted | Denied:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, self._authorize, certificate, method, target)
        except (CouchError, Fault) as err:
            raise _unavailable("whether this is allowed cannot be found out now") from err

    async def _from_behind(self, request: web.Request, certificate: bytes | None) -> web.StreamResponse:
        if not self._settings.upstream:
            raise _unavailable("this node has no REST API behind it")
        body = await read_body(request.clone(client_max_size=_LARGEST_BEHIND))
        headers = {
            **_kept(request, PASSED_REQUEST_HEADERS),
            SECRET_HEADER: self._settings.proxy_secret.reveal(),
            CERTIFICATE_HEADER: _escaped(certificate),
            TARGET_HEADER: request.raw_path,
            METHOD_HEADER: request.method,
            ADDRESS_HEADER: request.remote or "",
            SCHEME_HEADER: "https",
        }
        url = URL(self._settings.upstream.rstrip("/") + request.raw_path, encoded=True)
        try:
            async with self._client().request(
                request.method, url, data=body or None, headers=headers, allow_redirects=False
            ) as answer:
                content = await answer.read()
                return web.Response(
                    status=answer.status, body=content, headers=_only(answer.headers, _PASSED_ANSWER_HEADERS)
                )
        except (aiohttp.ClientError, OSError) as err:
            raise _unavailable("the service behind this address does not answer") from err

    def _client(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self._http


def _unavailable(reason: str) -> HttpError:
    return HttpError(503, "unavailable", reason, headers={"Retry-After": "10"})


def _check_headers(request: web.Request, names: frozenset[str]) -> None:
    """Nobody behind us may read another request out of the same bytes. Raises HttpError 400, 421."""
    if request.version not in (HttpVersion10, HttpVersion11):
        _log.warning("%s speaks another version of HTTP", request.remote)
        if request.transport is not None:
            request.transport.abort()  # an answer would begin with the version that was asked for
        raise bad_request("HTTP/1.1 is spoken here")
    for name in (*_SINGLE, *PASSED_REQUEST_HEADERS):
        if len(request.headers.getall(name, ())) > 1:
            raise bad_request(f"the header {name} was sent more than once")
    if "Upgrade" in request.headers:
        raise bad_request("nothing is upgraded here")
    if "Content-Encoding" in request.headers:
        raise bad_request("a body is sent as it is, not compressed")
    host = request.headers.get("Host", "").lower()
    if names and (host.rpartition(":")[0] if ":" in host else host) not in names:
        raise HttpError(421, "misdirected", "this name is not ours")


def _kept(request: web.Request, names: tuple[str, ...]) -> CIMultiDict[str]:
    return _only(request.headers, names)


def _only(headers: Mapping[str, str], names: tuple[str, ...]) -> CIMultiDict[str]:
    return CIMultiDict((name, headers[name]) for name in names if name in headers)


def _escaped(certificate: bytes | None) -> str:
    """As nginx escapes it."""
    return "" if certificate is None else quote(ssl.DER_cert_to_PEM_cert(certificate), safe="")
