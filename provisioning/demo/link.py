"""A network link that can be cut: a TCP relay between a device and the centre, for demos and tests."""

import contextlib
import logging
import selectors
import socket
import threading

_log = logging.getLogger(__name__)
_CHUNK = 65536


class Link:
    """Relays loopback connections to `target` until `cut()`; `restore()` lets new ones through again.

    A cut closes every open connection at once, and new ones are refused, as with a pulled cable behind a
    router that answers.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._up = threading.Event()
        self._up.set()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, name="link", daemon=True).start()

    @property
    def is_up(self) -> bool:
        """Whether connections pass."""
        return self._up.is_set()

    def cut(self) -> None:
        """Close all connections and refuse new ones."""
        self._up.clear()
        with self._lock:
            for pair in self._pairs:
                _close(*pair)

    def restore(self) -> None:
        """Let connections through again."""
        self._up.set()

    def close(self) -> None:
        """End the relay for good."""
        self.cut()
        _close(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:  # close() ended the listener
                return
            if not self.is_up:
                _close(near)
                continue
            try:
                far = socket.create_connection(self._target, timeout=5)
            except OSError as err:
                _log.info("the far end of the link does not answer: %s", err)
                _close(near)
                continue
            far.settimeout(None)
            threading.Thread(target=self._relay, args=(near, far), name="link-pair", daemon=True).start()

    def _relay(self, near: socket.socket, far: socket.socket) -> None:
        pair = (near, far)
        with self._lock:
            self._pairs.add(pair)
        other = {near: far, far: near}
        # A socket that a cut closes under the relay shows as OSError or ValueError: both mean "link gone".
        with contextlib.suppress(OSError, ValueError), selectors.DefaultSelector() as selector:
            for end in pair:
                selector.register(end, selectors.EVENT_READ)
            while self.is_up and _pass_on(selector, other):
                pass
        with self._lock:
            self._pairs.discard(pair)
        _close(near, far)


def _pass_on(selector: selectors.BaseSelector, other: dict[socket.socket, socket.socket]) -> bool:
    """Move what has arrived to the other side; False when one side has ended."""
    for key, _ in selector.select(timeout=1.0):
        end = key.fileobj
        if not isinstance(end, socket.socket):
            continue
        data = end.recv(_CHUNK)
        if not data:
            return False
        other[end].sendall(data)
    return True


def _close(*sockets: socket.socket) -> None:
    for end in sockets:
        with contextlib.suppress(OSError):  # already gone: what we want
            end.shutdown(socket.SHUT_RDWR)
        end.close()
