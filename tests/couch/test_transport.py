"""The way to a server that misbehaves: time-outs, repeats, typed errors."""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from couch.client import Server
from couch.errors import AccessDenied, Conflict, CouchError, Fault, NotFound, Refused, Unreachable
from couch.transport import error_for, split_url

Answer = tuple[int, str, bytes]
OK: Answer = (200, "application/json", b'{"ok":true,"userCtx":{"name":null,"roles":[]}}')


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Silent: clients that hang up are part of these tests."""


class Fake:
    """An HTTP server that gives prepared answers, the last one for ever, and keeps what was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer | None] = [OK]  # None: hangs up without a word
        self.asked: list[tuple[str, str, str | None, bytes]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                fake.asked.append((self.command, self.path, self.headers.get("Authorization"), body))
                answer = fake.answers.pop(0) if len(fake.answers) > 1 else fake.answers[0]
                if answer is None:
                    self.close_connection = True
                    return
                status, kind, content = answer
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer

            def log_message(self, *_: Any) -> None:
                """Silent."""

        self.http = _QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def fake() -> Iterator[Fake]:
    fake = Fake()
    thread = threading.Thread(target=fake.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield fake
    fake.http.shutdown()
    thread.join()
    fake.http.server_close()


@pytest.fixture
def server(fake: Fake) -> Iterator[Server]:
    with Server(fake.url.replace("//", "//user:hunter2@"), timeout_s=5) as server:
        yield server


UNAVAILABLE: Answer = (503, "text/html", b"<h1>try later</h1>")


@pytest.mark.parametrize("bad", [None, UNAVAILABLE, (200, "application/json", b"{half")])
def test_a_reading_is_repeated_after_a_failure(fake: Fake, server: Server, bad: Answer | None) -> None:
    fake.answers = [bad, OK]
    server.session()
    assert len(fake.asked) == 2


def test_a_reading_is_not_repeated_for_ever(fake: Fake, server: Server) -> None:
    fake.answers = [UNAVAILABLE]
    with pytest.raises(Unreachable, match="503"):
        server.session()
    assert len(fake.asked) == 3


def test_a_write_whose_repetition_could_do_harm_is_sent_once(fake: Fake, server: Server) -> None:
    fake.answers = [None]
    for write in (
        lambda: server.database("db").put({"_id": "a"}),
        lambda: server.database("db").bulk([{"_id": "a"}]),
        lambda: server.database("db").delete("a", "1-a"),
        lambda: server.replicate({}, timeout_s=5),
    ):
        fake.asked.clear()
        with pytest.raises(Unreachable):
            write()
        assert len(fake.asked) == 1


def test_a_write_that_may_be_repeated_is(fake: Fake, server: Server) -> None:
    done: Answer = (201, "application/json", b'{"ok":true,"id":"a","rev":"1-a"}')
    database = server.database("db")
    for write in (lambda: database.put_once({"_id": "a"}), lambda: database.set_security({})):
        fake.asked.clear()
        fake.answers = [None, done]
        write()
        assert len(fake.asked) == 2
    fake.asked.clear()
    fake.answers = [None, (201, "application/json", b"[]")]
    assert database.bulk([{"_id": "a"}], new_edits=False) == []
    assert len(fake.asked) == 2


def test_every_request_has_a_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Server(url, timeout_s=0.2) as server:
            begun = time.monotonic()
            with pytest.raises(Unreachable, match="did not answer in time"):
                server.session()
            with pytest.raises(requests.Timeout):
                server.transport._session.get(url)  # also one that passes the resource layer by
            assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    ("method", "status", "error", "reason", "kind"),
    [
        ("GET", 401, "unauthorized", "Name or password is incorrect.", AccessDenied),
        ("GET", 403, "forbidden", "You are not allowed to access this db.", AccessDenied),
        ("PUT", 403, "forbidden", "You are not allowed to access this db.", AccessDenied),
        ("PUT", 403, "forbidden", "consent is not granted", Refused),
        ("GET", 404, "not_found", "missing", NotFound),
        ("PUT", 409, "conflict", "Document update conflict.", Conflict),
        ("PUT", 412, "file_exists", "The database could not be created.", Conflict),
        ("PUT", 400, "bad_request", "invalid UTF-8 JSON", Refused),
        ("PUT", 413, "document_too_large", "", Refused),
        ("POST", 501, "not_implemented", "later", Refused),
        ("GET", 500, "error", "reason", Unreachable),
        ("GET", 503, "", "", Unreachable),
        ("GET", 429, "", "", Unreachable),
    ],
)
def test_each_answer_has_the_error_of_the_caller_s_next_action(
    method: str, status: int, error: str, reason: str, kind: type[CouchError]
) -> None:
    result = error_for(method, "http://u:p@h:1/db/doc-id", status, {"error": error, "reason": reason})
    assert type(result) is kind
    if isinstance(result, Refused):
        assert (result.error, result.reason, result.status) == (error, reason, status)
    assert reason in str(result)
    assert "u:p@" not in str(result)
    assert "doc-id" not in str(result)


@pytest.mark.parametrize(
    ("status", "error", "reason", "kind"),
    [
        (500, "replication_auth_error", '{session_request_unauthorized,"http://h/_session"}', AccessDenied),
        (500, "replication_auth_error", "{conn_failed,\n  {error,econnrefused}}", Unreachable),
        (403, "forbidden", "http://h/db/", AccessDenied),
        (500, "unauthorized", "unauthorized to access or create database", AccessDenied),
        (500, "db_not_found", "could not open http://h/db/", Unreachable),
    ],
)
def test_a_failed_one_shot_tells_a_denied_account_from_a_broken_way(
    status: int, error: str, reason: str, kind: type[CouchError]
) -> None:
    result = error_for("POST", "http://h/_replicate", status, {"error": error, "reason": reason})
    assert type(result) is kind
    assert "\n" not in str(result)


def test_an_error_page_of_a_proxy_is_an_error_too(fake: Fake, server: Server) -> None:
    fake.answers = [(404, "text/html", b"<h1>nothing here</h1>")]
    with pytest.raises(NotFound):
        server.database("db").info()


@pytest.mark.parametrize("status", [200, 302])
def test_the_sign_in_page_of_a_network_is_no_database(fake: Fake, server: Server, status: int) -> None:
    fake.answers = [(status, "text/html", b"<h1>Welcome to our hotel</h1>")]
    with pytest.raises(Unreachable, match="no CouchDB"):
        server.database("db").find("a")
    with pytest.raises(Unreachable):
        list(server.database("db").view("d", "v"))


def test_credentials_are_sent_and_never_shown(
    fake: Fake, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.session()
    fake.answers = [(401, "application/json", b'{"error":"unauthorized","reason":"no"}')]
    with pytest.raises(AccessDenied) as caught:
        server.session()
    _, _, authorization, _ = fake.asked[0]
    assert authorization == "Basic dXNlcjpodW50ZXIy"
    database = server.database("db")
    shown = f"{server!r} {server} {database!r} {server.url} {caught.value!r} {caplog.text}"
    assert "hunter2" not in shown
    assert "dXNlcjpodW50ZXIy" not in shown


def test_a_token_is_asked_for_anew_at_each_request(fake: Fake) -> None:
    tokens = iter(["first", "second"])
    with Server(fake.url, token=lambda: next(tokens)) as server:
        server.session()
        server.session()
    assert [authorization for _, _, authorization, _ in fake.asked] == ["Bearer first", "Bearer second"]


def test_names_are_escaped_in_addresses(fake: Fake, server: Server) -> None:
    fake.answers = [(200, "application/json", b"{}")]
    server.database("a/b+c").get("x/y?z")
    server.database("db").get("_design/d")
    assert [path for _, path, _, _ in fake.asked] == ["/a%2Fb%2Bc/x%2Fy%3Fz", "/db/_design/d"]


def test_the_environment_s_proxies_are_not_used(
    fake: Fake, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.session()
    assert len(fake.asked) == 1


def test_a_view_that_breaks_off_is_an_error(fake: Fake, server: Server) -> None:
    content = json.dumps({"rows": [{"key": 1}]}).encode()[:-2]
    fake.answers = [(200, "application/json", content)]
    rows = server.database("db").view("d", "v")
    with pytest.raises(Unreachable):
        list(rows)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h:1/", ("http://h:1", None, None)),
        ("https://u:p%40w@h/path/", ("https://h/path", "u", "p@w")),
        ("http://u@h:1", ("http://h:1", "u", None)),
        ("http://u:a@b:c@[::1]:1", ("http://[::1]:1", "u", "a@b:c")),
    ],
)
def test_an_address_is_parted_from_its_credentials(
    url: str, expected: tuple[str, str | None, str | None]
) -> None:
    assert split_url(url) == expected


@pytest.mark.parametrize("url", ["", "127.0.0.1:5984", "ftp://h", "http://", "http://u:hunter2@"])
def test_what_is_no_address_is_a_fault_that_repeats_no_secret(url: str) -> None:
    with pytest.raises(Fault, match="must look like") as caught:
        split_url(url)
    assert "hunter2" not in str(caught.value)


def test_a_feed_survives_failures_and_resumes_where_it_was(
    fake: Fake, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("couch.changes_feed.FIRST_PAUSE_S", 0.01)

    def round_of(*ids: str, seq: str) -> Answer:
        results = [{"seq": seq, "id": one, "changes": [{"rev": "1-a"}]} for one in ids]
        return (200, "application/json", b"\n\n" + json.dumps({"results": results, "last_seq": seq}).encode())

    fake.answers = [round_of("a", seq="1"), UNAVAILABLE, None, round_of(seq="2"), round_of("b", seq="3")]
    stop = threading.Event()
    seen = []
    for batch in server.database("db").follow("0", stop=stop):
        seen += [change.id for change in batch.changes]
        if seen == ["a", "b"]:
            stop.set()
    assert seen == ["a", "b"]
    sinces = [path.partition("since=")[2].partition("&")[0] for _, path, _, _ in fake.asked]
    assert sinces == ["0", "1", "1", "1", "2"]


def test_a_feed_that_may_not_be_read_ends_with_that_error(fake: Fake, server: Server) -> None:
    fake.answers = [(401, "application/json", b'{"error":"unauthorized","reason":"no"}')]
    with pytest.raises(AccessDenied):
        next(server.database("db").follow("0", stop=threading.Event()))


def test_a_stopped_feed_does_not_wait_for_its_back_off(server: Server, fake: Fake) -> None:
    fake.answers = [UNAVAILABLE]
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    begun = time.monotonic()
    assert list(server.database("db").follow("0", stop=stop)) == []
    assert time.monotonic() - begun < 1


def test_a_changed_document_is_written_again_after_a_conflict(fake: Fake, server: Server) -> None:
    conflict: Answer = (409, "application/json", b'{"error":"conflict","reason":"Document update conflict."}')
    written: Answer = (201, "application/json", b'{"ok":true,"id":"a","rev":"3-c"}')

    def stored(rev: str) -> Answer:
        return (200, "application/json", json.dumps({"_id": "a", "_rev": rev, "n": 1}).encode())

    change: Callable[[Any], Any] = lambda doc: {**doc, "n": doc["n"] + 1}  # noqa: E731
    fake.answers = [stored("1-a"), conflict, stored("2-b"), written]
    assert server.database("db").replace("a", change) == {"_id": "a", "_rev": "3-c", "n": 2}
    assert json.loads(fake.asked[-1][3])["_rev"] == "2-b"
