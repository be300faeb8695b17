"""A client that sends bytes exactly as they are, with or without TLS, and reads whatever comes back."""

import re
import socket
import ssl
import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

WITHIN_S = 8.0
_STATUS = re.compile(rb"HTTP/\d\.\d (\d{3})[ \r]")
_AT_ONCE = 65536
_MORE_S = 0.5


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate (with its chain) and its key, as files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Address:
    """Where a door is. `ca` None: without TLS; `name`: what TLS is to find in its certificate."""

    port: int
    ca: Path | None = None
    name: str = "localhost"


@dataclass(frozen=True, slots=True)
class Tls:
    """How a client departs from the usual: an older version, other ciphers, another protocol or name."""

    newest: ssl.TLSVersion | None = None
    ciphers: str = ""
    protocols: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back before the connection ended or fell silent; `silent`: it had not ended in time."""

    raw: bytes
    silent: bool = False
    seconds: float = 0.0

    @property
    def statuses(self) -> tuple[int, ...]:
        """The status of each answer, in order; interim ones (1xx) are none."""
        return tuple(int(found) for found in _STATUS.findall(self.raw) if not found.startswith(b"1"))

    @property
    def text(self) -> str:
        """Heads and bodies of all answers."""
        return self.raw.decode("utf-8", "replace")

    @property
    def body(self) -> bytes:
        """The last answer's body, its chunks put together."""
        head, _, body = self.raw[self.raw.rfind(b"HTTP/1.") :].partition(b"\r\n\r\n")
        if b"transfer-encoding: chunked" not in head.lower():
            return body
        whole, rest = b"", body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size.partition(b";")[0] or b"0", 16)
            whole, rest = whole + rest[:length], rest[length + 2 :]
        return whole

    def header(self, name: str) -> str:
        """A header of the last answer, empty where it has none."""
        head = self.raw[self.raw.rfind(b"HTTP/1.") :].partition(b"\r\n\r\n")[0].decode("latin-1")
        return next((line.partition(":")[2].strip() for line in head.split("\r\n")
                     if line.lower().startswith(name.lower() + ":")), "")  # fmt: skip


class Connection:
    """One connection. Raises OSError (ssl.SSLError too) where none is made."""

    def __init__(
        self,
        to: Address,
        identity: Identity | None = None,
        *,
        source: str = "127.0.0.1",
        tls: Tls | None = None,
    ) -> None:
        plain = socket.create_connection(("127.0.0.1", to.port), WITHIN_S, (source, 0))
        try:
            self.socket = plain if to.ca is None else _secured(plain, to, to.ca, identity, tls or Tls())
        except BaseException:
            plain.close()
            raise

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, pieces: Iterable[bytes], pause_s: float = 0.0) -> None:
        """Send the pieces; one that the other side does not want ends it."""
        try:
            for piece in pieces:
                self.socket.sendall(piece)
                if pause_s:
                    self.socket.settimeout(pause_s)
                    if self._ended():
                        return
                    self.socket.settimeout(WITHIN_S)
        except OSError:
            return

    def _ended(self) -> bool:
        """Whether something came, or the end, within the pause."""
        try:
            self._early = self.socket.recv(_AT_ONCE)
        except TimeoutError:
            return False
        return True

    _early = b""

    def one(self) -> Reply:
        """One answer with a length of its own; the connection stays open."""
        began, raw = time.monotonic(), b""
        while not _complete(raw):
            piece = self._piece()
            if not piece:
                break
            raw += piece
        return Reply(raw, seconds=time.monotonic() - began)

    def rest(self, within_s: float = WITHIN_S) -> Reply:
        """Everything until the other side ends the connection."""
        began, raw = time.monotonic(), self._early
        while True:
            left = within_s - (time.monotonic() - began)
            if left <= 0:
                return Reply(raw, silent=True, seconds=time.monotonic() - began)
            over = _says_that_it_ends(raw)
            self.socket.settimeout(min(left, _MORE_S) if over else left)
            try:
                piece = self.socket.recv(_AT_ONCE)
            except TimeoutError:
                if over:  # nginx leaves its side open for some seconds more
                    return Reply(raw, seconds=time.monotonic() - began)
                continue
            except OSError:  # a reset, or the alert by which TLS refuses
                piece = b""
            if not piece:
                return Reply(raw, seconds=time.monotonic() - began)
            raw += piece

    def _piece(self) -> bytes:
        try:
            return self.socket.recv(_AT_ONCE)
        except OSError:
            return b""


def exchange(
    to: Address,
    payload: bytes,
    identity: Identity | None = None,
    *,
    source: str = "127.0.0.1",
    tls: Tls | None = None,
    within_s: float = WITHIN_S,
) -> Reply:
    """Send it on a connection of its own; an empty reply where TLS or the connection was refused."""
    try:
        with Connection(to, identity, source=source, tls=tls) as connection:
            connection.send([payload])
            return connection.rest(within_s)
    except OSError:
        return Reply(b"")


def _secured(
    plain: socket.socket, to: Address, ca: Path, identity: Identity | None, tls: Tls
) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(ca))
    if tls.name:
        context.check_hostname = False
    if tls.newest is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
            context.minimum_version = context.maximum_version = tls.newest
    if tls.ciphers:
        context.set_ciphers(tls.ciphers)
    if tls.protocols:
        context.set_alpn_protocols(list(tls.protocols))
    if identity is not None:
        context.load_cert_chain(identity.certificate, identity.key)
    return context.wrap_socket(plain, server_hostname=tls.name or to.name)


def _says_that_it_ends(raw: bytes) -> bool:
    """Whether the last answer is whole and says that nothing follows it."""
    last = raw[raw.rfind(b"HTTP/1.") :]
    return b"connection: close" in last.partition(b"\r\n\r\n")[0].lower() and _complete(last)


def _complete(raw: bytes) -> bool:
    head, end, body = raw.partition(b"\r\n\r\n")
    if not end:
        return False
    found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    if found:
        return len(body) >= int(found[1])
    return body.endswith(b"0\r\n\r\n") or b" 204 " in head.partition(b"\r\n")[0]
