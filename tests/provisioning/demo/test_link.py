"""The link that a demo cuts: what passes, what a cut does, and that it comes back."""

import socket
import threading
from collections.abc import Iterator

import pytest

from provisioning.demo.link import Link


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """A server that answers each chunk with itself."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(peer,), daemon=True).start()

    def answer(peer: socket.socket) -> None:
        with peer:
            while data := peer.recv(4096):
                peer.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.fixture
def link(echo: tuple[str, int]) -> Iterator[Link]:
    link = Link(echo)
    yield link
    link.close()


def connect(link: Link) -> socket.socket:
    return socket.create_connection(("127.0.0.1", link.port), timeout=5)


def test_bytes_pass_both_ways(link: Link) -> None:
    with connect(link) as peer:
        peer.sendall(b"hello")
        assert peer.recv(16) == b"hello"


def test_a_cut_ends_open_connections_and_refuses_new_ones(link: Link) -> None:
    with connect(link) as peer:
        peer.sendall(b"x")
        assert peer.recv(16) == b"x"
        link.cut()
        assert ended(peer)
    with connect(link) as late:
        assert ended(late)


def test_after_the_link_is_restored_bytes_pass_again(link: Link) -> None:
    link.cut()
    link.restore()
    with connect(link) as peer:
        peer.sendall(b"back")
        assert peer.recv(16) == b"back"


def ended(peer: socket.socket) -> bool:
    try:
        return peer.recv(16) == b""
    except ConnectionError:
        return True
