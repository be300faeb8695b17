"""Too much, too slowly, too many: bounded at the door, so that others are served meanwhile."""

# ruff: noqa: E501 - a table: a row is read across

import time
from contextlib import ExitStack
from typing import Any

from attempt import Attempt
from raw_client import Connection, Reply
from security_doors import HEAD_S

_OWN = "/household-<own>"
_PATIENCE_S = 20.0


def _head_byte_by_byte(world: Any) -> Reply:
    """A byte every fifth of a second, each well before any pause is too long."""
    with world.connect(source="127.0.4.1") as connection:
        text = f"GET /household-{world.places['own']}/_security HTTP/1.1\r\nHost: localhost\r\n".encode()
        connection.send((bytes([byte]) for byte in text), pause_s=0.2)
        return _within(connection, HEAD_S + 3)


def _body_that_never_comes(world: Any) -> Reply:
    with world.connect(source="127.0.4.2") as connection:
        connection.send(
            [
                f"POST /household-{world.places['own']}/_bulk_docs HTTP/1.1\r\nHost: localhost\r\n"
                "Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{".encode()
            ]
        )
        return connection.one()


def _silence_after_the_handshake(world: Any) -> Reply:
    with world.connect(source="127.0.4.3") as connection:
        return _within(connection, HEAD_S + 4)


def _silence_between_requests(world: Any) -> Reply:
    """A connection that asked once and then keeps its place."""
    with world.connect(source="127.0.4.4") as connection:
        connection.send([b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"])
        first = connection.one()
        assert first.statuses == (403,)
        connection.send([b"GET /not"])  # the next one begins and does not go on
        return _within(connection, HEAD_S + 4)


def _silence_instead_of_tls(world: Any) -> Reply:
    """Opened when the world was made: a handshake may take ten seconds at the listener."""
    left = max(0.5, _PATIENCE_S - (time.monotonic() - world.silence_began))
    world.silent.settimeout(left)
    try:
        return Reply(world.silent.recv(1024))
    except TimeoutError:
        return Reply(b"", silent=True)
    except ConnectionError:
        return Reply(b"")


def _too_many_connections(world: Any) -> Reply:
    """One device holds forty; the door's last answers are refusals, and another device is served meanwhile."""
    held: list[Connection] = []
    with ExitStack() as stack:
        refused = Reply(b"", silent=True)
        for _ in range(40):
            try:
                connection = stack.enter_context(world.connect("neighbour", source="127.0.4.5"))
            except OSError:
                refused = Reply(b"")
                break
            held.append(connection)
            connection.send(
                [
                    b"GET /household-"
                    + world.places["other"].encode()
                    + b"/_security HTTP/1.1\r\nHost: localhost\r\n"
                ]
            )
        if len(held) == 40:
            for connection in held:
                connection.send([b"\r\n"])
            answers = [connection.one() for connection in held]
            refused = next((one for one in answers if one.statuses != (200,)), refused)
        assert world.ask("GET", "/household-<own>/_security").statuses == (200,)
    return refused


def _within(connection: Connection, seconds: float) -> Reply:
    return connection.rest(seconds)


def _big(tries: str, must: str, nginx: str = "", **more: Any) -> Attempt:
    return Attempt(tries=tries, must=must, nginx=nginx, **more)


ATTEMPTS = (
    _big("sends a header of 100,000 characters", "400 or 431", target=f"{_OWN}/_security",
         headers=("X-Long: " + "a" * 100_000,)),
    _big("sends 2,000 headers", "400 or 431", target=f"{_OWN}/_security",
         headers=tuple(f"X-Many-{number}: {'a' * 40}" for number in range(2000))),
    _big("sends a target of 100,000 characters", "400 or 414", target=f"{_OWN}/_all_docs?limit={'9' * 100_000}"),
    _big("announces a body of 65 MB and more", "413", raw=f"POST {_OWN}/_bulk_docs HTTP/1.1\r\nHost: <host>\r\n"
         "Content-Type: application/json\r\nContent-Length: 999999999\r\nConnection: close\r\n\r\n{}"),
    _big("enrols with a megabyte", "400 malformed or 413", who="nobody", source="127.0.4.6", method="POST", target="/enrol",
         body='{"csr":"' + "a" * 1_000_000 + '"}'),
    _big("enrols with two megabytes", "413", who="nobody", source="127.0.4.7", method="POST", target="/enrol",
         body='{"csr":"' + "a" * 2_000_000 + '"}'),
    _big("stores a measurement of two megabytes", "413", method="POST", target="/household/meter/measurement",
         body='{"marks":["' + "a" * 2_000_000 + '"]}'),
    _big("sends the head byte by byte", "shut or 408", steps=_head_byte_by_byte),
    _big("announces a body and does not send it", "shut or 408", steps=_body_that_never_comes),
    _big("says nothing after the handshake", "shut or 408", steps=_silence_after_the_handshake, logged=False),
    _big("begins a second request and stops", "shut or 408", steps=_silence_between_requests),
    _big("opens forty connections", "shut or 429", steps=_too_many_connections),
    _big("never begins TLS", "shut or 400 or 408", steps=_silence_instead_of_tls, logged=False),
)  # fmt: skip
