"""How large a body may be: by path at the server, before anybody is known."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from webapp.upload_limits import channel_with, larger_paths, takes_up_to


@pytest.fixture
def app() -> Flask:
    made = Flask("x")

    @made.post("/small")
    @made.get("/large")
    def small() -> str:
        return "small"

    @made.post("/large")
    @takes_up_to(4096)
    def large() -> str:
        return "large"

    return made


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    """A server that takes 1 KiB, and more where a route says so."""
    sockets: dict[int, Any] = {}
    server: Any = create_server(
        app, map=sockets, host="127.0.0.1", port=0, threads=1, max_request_body_size=1024
    )
    server.channel_class = channel_with(larger_paths(app))
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            wasyncore.loop(timeout=0.05, map=sockets, count=1)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield int(server.effective_port)
    stop.set()
    thread.join(10)
    server.task_dispatcher.shutdown()
    wasyncore.close_all(sockets)


def status(port: int, request: str, body: int) -> str:
    head = f"{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {body}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(head.encode() + b"x" * body)
        return line.recv(4096).split(b" ")[1].decode()


@pytest.mark.parametrize(
    ("request_", "body", "answer"),
    [
        ("POST /small", 500, "200"),
        ("POST /small", 2000, "413"),
        ("POST /large", 2000, "200"),
        ("POST /large", 5000, "413"),
        ("POST /large/../small", 2000, "413"),
        ("POST //large", 2000, "413"),
        ("GET /large", 2000, "413"),
    ],
)
def test_only_the_declared_path_takes_more(port: int, request_: str, body: int, answer: str) -> None:
    assert status(port, request_, body) == answer


def test_a_route_with_parts_that_vary_cannot_declare_more(app: Flask) -> None:
    app.add_url_rule("/x/<name>", "x", takes_up_to(4096)(lambda name: name), methods=["POST"])
    with pytest.raises(LookupError, match="must be one"):
        larger_paths(app)
