"""The node's second listener, for devices: mutual TLS in front of the same application.

TLS 1.2 or newer. A certificate that is shown must be one of the survey's; whether one is needed, and what it
opens, is judged for each request (`couch.node.door`), so that a revocation holds for open connections too.
Bounded: connections in all and for each peer, the handshake, the time until a request is complete in its
head, and the time a connection may idle.
"""

import asyncio
import hashlib
import logging
import os
import ssl
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from socket import socket
from typing import Any, cast

from aiohttp import web
from cryptography import x509

from couch.errors import Fault
from couch.node.settings import TlsSettings

_log = logging.getLogger(__name__)
_HANDSHAKE_S = 10.0
_CLOSE_S = 5.0
_SWEEP_S = 1.0
_END_S = 1.0


class ServerContext:
    """What the listener shows and accepts; a file that has changed is taken up at the next handshake."""

    def __init__(self, settings: TlsSettings) -> None:
        """Raises Fault when a file is missing or of no use."""
        self._settings = settings
        self._made_of = self._times()
        self._context = _server_context(settings)

    def now(self) -> ssl.SSLContext:
        """The context for a handshake; the last good one while new files are of no use."""
        made_of = self._times()
        if made_of != self._made_of:
            self._made_of = made_of
            try:
                self._context = _server_context(self._settings)
            except Fault as err:
                _log.error("the listener goes on with what it had: %s", err)
        return self._context

    def names(self) -> frozenset[str]:
        """The names and addresses in the certificate, lower case; empty where one stands for many hosts."""
        pem = Path(self._settings.certificate_file).read_bytes()
        try:
            known = x509.load_pem_x509_certificate(pem).extensions.get_extension_for_class(
                x509.SubjectAlternativeName
            )
        except (ValueError, x509.ExtensionNotFound):
            return frozenset()
        dns = [name.lower() for name in known.value.get_values_for_type(x509.DNSName)]
        addresses = [str(address) for address in known.value.get_values_for_type(x509.IPAddress)]
        return frozenset() if any("*" in name for name in dns) else frozenset([*dns, *addresses])

    def _times(self) -> tuple[int, ...]:
        settings = self._settings
        files = (settings.certificate_file, settings.key_file, settings.devices_ca_file)
        try:
            return tuple(os.stat(file).st_mtime_ns for file in files)
        except OSError:
            return ()


def _server_context(settings: TlsSettings) -> ssl.SSLContext:
    """Raises Fault when a file is missing or of no use."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.verify_mode = ssl.CERT_OPTIONAL  # enrolment comes without; the decision refuses all else without
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(["http/1.1"])
    file = settings.certificate_file
    try:
        context.load_cert_chain(file, settings.key_file)
        file = settings.devices_ca_file
        context.load_verify_locations(file)
    except (OSError, ssl.SSLError) as err:
        why = getattr(err, "reason", None) or err.strerror or type(err).__name__
        raise Fault(
            f"the node's TLS listener cannot use {file or 'devices_ca_file: it is not set'}: "
            f"{str(why).lower().replace('_', ' ')}. Correct [tls] in its settings."
        ) from err
    return context


class Connection(asyncio.Protocol):
    """One connection of a device, on its way to the HTTP protocol `inner`.

    Attributes: `busy` while a request is at work; else `since` when it last went idle or, with `heard`, when
    the first byte of a request came that has not begun yet.
    """

    def __init__(
        self, inner: asyncio.Protocol, gone: Callable[[], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._inner, self._gone, self._loop = inner, gone, loop
        self.transport: asyncio.Transport | None = None
        self.busy, self.heard, self.since = False, True, loop.time()

    def begin(self) -> None:
        """A request has begun."""
        self.busy = True

    def end(self) -> None:
        """It is answered."""
        self.busy, self.heard, self.since = False, False, self._loop.time()

    def overdue(self, now: float, head_s: float, idle_s: float) -> bool:
        """Whether it keeps us waiting for too long."""
        return not self.busy and now - self.since > (head_s if self.heard else idle_s)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)
        self._gone()

    def data_received(self, data: bytes) -> None:
        if not self.busy and not self.heard:
            self.heard, self.since = True, self._loop.time()
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()


def connection_of(request: web.BaseRequest) -> Connection | None:
    """The device's connection that a request came through; None for one of the plain listener."""
    protocol = None if request.transport is None else request.transport.get_protocol()
    return protocol if isinstance(protocol, Connection) else None


class TlsListener:
    """Accepts devices on `listening`; `url` is what it is reached at."""

    def __init__(self, listening: socket, context: ServerContext, settings: TlsSettings, url: str) -> None:
        self._listening, self._context, self._settings, self.url = listening, context, settings, url
        self._room = asyncio.Semaphore(settings.max_connections)
        self._peers: Counter[str] = Counter()
        self._open: set[Connection] = set()
        self._own: list[asyncio.Task[None]] = []
        self._tasks: set[asyncio.Task[None]] = set()  # one for each connection

    def start(self, make: Callable[[], Any]) -> None:
        """Begin to accept, and hand what comes to `make`, aiohttp's protocol factory."""
        self._listening.setblocking(False)
        self._listening.listen(128)
        self._own = [asyncio.create_task(work) for work in (self._accept(make), self._sweep())]

    def stop(self) -> None:
        """Accept no more; what is open goes on."""
        for task in self._own:
            task.cancel()
        self._listening.close()

    async def close(self) -> None:
        """End what is still open."""
        for connection in list(self._open):
            if connection.transport is not None:
                connection.transport.abort()
        tasks = [*self._own, *self._tasks]
        if tasks:
            await asyncio.wait(tasks, timeout=_END_S)  # until the protocols know that they are gone
        for task in tasks:
            task.cancel()  # handshakes
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, make: Callable[[], Any]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._room.acquire()
            try:
                peer, address = await loop.sock_accept(self._listening)
            except OSError as err:  # out of descriptors, or the peer has gone already
                self._room.release()
                _log.warning("a connection could not be accepted: %s", err.strerror)
                await asyncio.sleep(_SWEEP_S)
                continue
            task = asyncio.create_task(self._serve(peer, str(address[0]), make()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, peer: socket, address: str, inner: asyncio.Protocol) -> None:
        """Shake hands, then leave the connection to its protocol until it is gone."""
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        connection = Connection(inner, gone.set, loop)
        who = ""
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: connection,
                peer,
                ssl=self._context.now(),
                ssl_handshake_timeout=_HANDSHAKE_S,
                ssl_shutdown_timeout=_CLOSE_S,
            )
            self._open.add(connection)
            who = _peer(transport, address)
            self._peers[who] += 1
            if self._peers[who] > self._settings.max_connections_each:
                _log.warning("a peer at %s opened too many connections", address)
                transport.abort()
            await gone.wait()
        except (OSError, ssl.SSLError) as err:  # time-outs and broken connections are OSErrors
            why = getattr(err, "reason", None) or type(err).__name__
            _log.warning("no secure connection with %s: %s", address, str(why).lower().replace("_", " "))
        finally:
            self._open.discard(connection)
            if who:
                self._peers[who] -= 1
                self._peers += Counter()  # drops the zeros
            self._room.release()

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        settings = self._settings
        while True:
            await asyncio.sleep(_SWEEP_S)
            now = loop.time()
            for connection in list(self._open):
                transport = connection.transport
                if transport is None or not connection.overdue(now, settings.head_s, settings.idle_s):
                    continue
                if connection.heard:
                    address = (transport.get_extra_info("peername") or ("an unknown peer",))[0]
                    _log.warning("no request came in time from %s: the connection is cut", address)
                transport.abort()


def peer_certificate(request: web.Request) -> bytes | None:
    """The certificate (DER) that TLS verified on this request's connection; None where none was shown."""
    transport = request.transport
    return None if transport is None else _certificate(transport)


def _certificate(transport: asyncio.BaseTransport) -> bytes | None:
    tls = transport.get_extra_info("ssl_object")
    return None if tls is None else tls.getpeercert(binary_form=True)


def _peer(transport: asyncio.BaseTransport, address: str) -> str:
    """Whose connections are counted together: a certificate's, or an address's without one."""
    certificate = _certificate(transport)
    return f"from {address}" if certificate is None else hashlib.sha256(certificate).hexdigest()
