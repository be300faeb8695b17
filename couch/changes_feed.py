"""Following a feed that never ends: `_changes` of a database and `_db_updates` of a server.

Each round is a longpoll with heartbeats: the server writes a newline every `HEARTBEAT_S`, and silence of
three heartbeats means that the peer is gone. Failures wait 1 s, doubling up to 60 s, with jitter; a round
that succeeds resets that. Setting `stop` shuts the socket down, so that a waiting reader returns at once.
"""

import logging
import random
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import requests

from couch.documents.fields import Json
from couch.errors import CouchError, Refused, Unreachable
from couch.results import Change, ChangesBatch
from couch.transport import Transport

_log = logging.getLogger(__name__)

HEARTBEAT_S = 10.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0


def rounds(
    transport: Transport,
    path: tuple[str, ...],
    since: str,
    params: Mapping[str, Any],
    stop: threading.Event,
) -> Iterator[Json]:
    """The answers of longpolls, each starting where the one before ended, until `stop` is set.

    Raises Refused (wrong account, no such database): waiting would not mend that.
    """
    pause_s = FIRST_PAUSE_S
    while not stop.is_set():
        try:
            answer = _round(transport, path, since, params, stop)
        except Refused:
            raise
        except CouchError as err:
            if stop.is_set():
                return
            _log.warning("%s Next try in at most %.0f s.", err, pause_s)
            stop.wait(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            continue
        pause_s = FIRST_PAUSE_S
        since = str(answer["last_seq"])
        if answer["results"]:
            yield answer


def _round(
    transport: Transport, path: tuple[str, ...], since: str, params: Mapping[str, Any], stop: threading.Event
) -> Json:
    query = {"feed": "longpoll", "since": since, "heartbeat": int(HEARTBEAT_S * 1000), **params}
    response = transport.stream("GET", *path, params=query, timeout_s=3 * HEARTBEAT_S, repeat=False)
    try:
        with _shut_when(stop, response):
            answer = msgspec.json.decode(response.content)
    except (requests.RequestException, OSError, msgspec.DecodeError) as err:
        raise Unreachable(f"a feed of {transport.url} broke off; it is taken up again.") from err
    finally:
        response.close()
    if not isinstance(answer, dict) or "last_seq" not in answer or "results" not in answer:
        raise Unreachable(f"a feed of {transport.url} answered with something that is no feed.")
    return answer


@contextmanager
def _shut_when(stop: threading.Event, response: requests.Response) -> Iterator[None]:
    """Shuts the answer's socket down when `stop` is set before the block ends."""
    over = threading.Event()
    sock = getattr(getattr(response.raw, "connection", None), "sock", None)

    def watch() -> None:
        while not over.is_set():
            if stop.wait(1.0):
                if not over.is_set() and sock is not None:
                    _shut(sock)
                return

    watcher = threading.Thread(target=watch, name="feed-stop", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was closed in the meantime, which is what we want


def changes_params(include_docs: bool) -> dict[str, str]:
    """All leaf revisions of each change, so that whoever reads sees conflicts too."""
    return {"include_docs": "true" if include_docs else "false", "style": "all_docs"}


def batch_of(answer: Json) -> ChangesBatch:
    """The typed value of an answer of `_changes`."""
    changes = tuple(
        Change(
            str(row["seq"]),
            row["id"],
            tuple(entry["rev"] for entry in row["changes"]),
            bool(row.get("deleted", False)),
            row.get("doc"),
        )
        for row in answer["results"]
    )
    return ChangesBatch(changes, str(answer["last_seq"]), int(answer.get("pending") or 0))
