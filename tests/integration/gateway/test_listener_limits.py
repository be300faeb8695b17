"""The node's listener for devices: what it waits for, how much it takes, how it starts and ends."""

import contextlib
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from couch.client import Server
from couch.errors import Fault, Unreachable
from couch.secret import Secret

sys.path.insert(0, str(Path(__file__).parent))
from gateway_world import HOST, PASSWORD, WITHIN_S, Centre, Loop, Survey, node_settings, tls_settings, uuid_of

HEAD_S, IDLE_S, REQUEST_S = 1.0, 1.5, 1.0
MOST, EACH = 6, 4


@pytest.fixture
def centre(survey: Survey, loop: Loop, tmp_path: Path) -> Iterator[Centre]:
    """With limits that a test can reach."""
    tls = tls_settings(
        survey,
        head_s=HEAD_S,
        idle_s=IDLE_S,
        request_s=REQUEST_S,
        max_connections=MOST,
        max_connections_each=EACH,
    )
    with (
        loop.node(node_settings(tmp_path, tls=tls), survey.gatekeeper) as node,
        Server(node.url, user="admin", password=PASSWORD) as admin,
    ):
        assert node.tls_url is not None
        yield Centre(survey, admin, int(node.tls_url.rpartition(":")[2]))


def closes_within(connection: ssl.SSLSocket, seconds: float) -> bool:
    connection.settimeout(seconds)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:  # reset
        return True


@pytest.mark.slow
@pytest.mark.parametrize("sent", [b"", b"GET /account HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
def test_a_request_that_does_not_come_is_not_waited_for(centre, sent):
    with centre.connect() as connection:
        connection.sendall(sent)
        assert closes_within(connection, HEAD_S + 4)


@pytest.mark.slow
def test_an_idle_connection_ends(centre):
    with centre.connect() as connection:
        connection.sendall(b"GET /account HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 401")
        assert closes_within(connection, IDLE_S + 4)


@pytest.mark.slow
def test_no_request_outlives_its_time(centre):
    household = centre.household()
    device = centre.survey.identity(uuid_of(household))
    head = f"POST /{household.name}/_bulk_docs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
    began = time.monotonic()
    got = centre.send((head + "Content-Type: application/json\r\n\r\n{").encode(), device, within_s=WITHIN_S)
    assert got.startswith(b"HTTP/1.1 408"), got
    assert time.monotonic() - began < WITHIN_S / 2

    feed = f"/{household.name}/_changes?filter=_doc_ids&feed=longpoll&since=now&timeout=50000"
    body = b'{"doc_ids":[]}'
    head = f"POST {feed} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    text = head + f"Content-Length: {len(body)}\r\n\r\n"
    began = time.monotonic()
    got = centre.send(text.encode() + body, device, within_s=WITHIN_S)
    assert time.monotonic() - began < WITHIN_S / 2
    assert b"last_seq" not in got


def test_one_peer_gets_no_more_than_its_share(centre):
    with contextlib.ExitStack() as stack:
        open_ones = [stack.enter_context(centre.connect()) for _ in range(EACH)]
        surplus = stack.enter_context(centre.connect())
        assert closes_within(surplus, 5)
        open_ones[0].sendall(b"GET /account HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert open_ones[0].recv(65536).startswith(b"HTTP/1.1 401")


@pytest.mark.slow
def test_more_connections_wait_until_others_end(centre):
    household = centre.household()
    devices = [centre.survey.identity(uuid_of(household)) for _ in range(2)]
    with contextlib.ExitStack() as stack:
        for number in range(MOST):
            stack.enter_context(centre.connect(devices[number % 2]))
        waiting = centre.server(centre.survey.identity(uuid_of(household)))
        assert (
            waiting.database(household.name).info()["db_name"] == household.name
        )  # the idle ones have ended


def test_a_peer_that_says_nothing_in_the_handshake_takes_no_place_for_ever(centre):
    import socket  # noqa: PLC0415

    with socket.create_connection(("127.0.0.1", centre.port), WITHIN_S) as silent:
        silent.sendall(b"GET / HTTP/1.1\r\n\r\n")  # no TLS at all
        silent.settimeout(5)
        with contextlib.suppress(OSError):
            while silent.recv(1024):
                pass
    with centre.connect() as connection:
        connection.sendall(b"GET /account HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 401")


def test_what_cannot_be_judged_does_not_pass(survey, loop, tmp_path):
    def nobody_answers(*_question):
        raise Unreachable("the records are gone")

    settings = node_settings(tmp_path, tls=tls_settings(survey))
    with (
        loop.node(settings, lambda *_: nobody_answers) as node,
        Server(node.url, user="admin", password=PASSWORD) as admin,
    ):
        assert node.tls_url is not None
        centre = Centre(survey, admin, int(node.tls_url.rpartition(":")[2]))
        got = centre.send(b"GET /account HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert got.startswith(b"HTTP/1.1 503")
        assert b"Retry-After" in got


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("Host: localhost\r\nAccept: a\r\nAccept: b", 400),
        ("Host: localhost\r\nIf-Match: 1\r\nif-match: 2", 400),
        ("Host: localhost\r\nAuthorization: Basic a\r\nAuthorization: Basic b", 400),
        ("Host: localhost\r\nCookie: a=b\r\nCookie: c=d", 400),
        ("Host: localhost\r\nContent-Encoding: gzip", 400),
        ("Host: registry", 421),
        ("Host: localhost.example.org", 421),
        ("Host: admin:pw@localhost", 421),
        ("X: y", 400),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_and_told(centre, headers, status, caplog):
    household = centre.household()
    device = centre.survey.identity(uuid_of(household))
    target = f"/{household.name}/_security?secret=hunter2"
    got = centre.send(f"GET {target} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n\r\n".encode(), device)
    assert got.split(b" ")[1] == str(status).encode(), got
    assert f"{status} to 127.0.0.1" in caplog.text
    assert "hunter2" not in caplog.text
    assert "Basic" not in caplog.text


@pytest.mark.parametrize("version", ["HTTP/0.9", "HTTP/2.0", "HTTP/3", "http/1.1", "HTTP/1.1x"])
def test_other_versions_of_http_are_refused(centre, version):
    household = centre.household()
    device = centre.survey.identity(uuid_of(household))
    text = f"GET /{household.name}/_security {version}\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert b"members" not in centre.send(text.encode(), device, within_s=5)


def test_the_node_ends_while_devices_are_connected(survey, loop, tmp_path):
    settings = node_settings(tmp_path, tls=tls_settings(survey))
    with contextlib.ExitStack() as stack:
        node = stack.enter_context(loop.node(settings, survey.gatekeeper))
        assert node.tls_url is not None
        admin = stack.enter_context(Server(node.url, user="admin", password=PASSWORD))
        centre = Centre(survey, admin, int(node.tls_url.rpartition(":")[2]))
        connection = centre.connect()
        stopping = threading.Thread(target=stack.close)
        stopping.start()
        assert closes_within(connection, WITHIN_S)
        connection.close()
        stopping.join(WITHIN_S)
        assert not stopping.is_alive()


def test_a_renewed_certificate_of_the_server_is_taken_up(survey, loop, tmp_path):
    names = ("first", "second")
    first, second = (
        survey.write(name, lambda csr: survey.authority.issue_server(csr, [HOST])) for name in names
    )
    tls = tls_settings(survey, certificate_file=str(first[0]), key_file=str(first[1]))
    with (
        loop.node(node_settings(tmp_path, tls=tls), survey.gatekeeper) as node,
        Server(node.url, user="admin", password=PASSWORD) as admin,
    ):
        assert node.tls_url is not None
        centre = Centre(survey, admin, int(node.tls_url.rpartition(":")[2]))

        def shown() -> str:
            with centre.connect() as connection:
                return str((connection.getpeercert() or {})["serialNumber"])

        before = shown()
        first[0].write_text("half of a file")
        assert shown() == before
        second[1].replace(first[1])
        second[0].replace(first[0])
        assert shown() != before


@pytest.mark.parametrize(
    ("tls", "words"),
    [
        ({"certificate_file": "/nowhere.pem"}, r"cannot use /nowhere.pem.*Correct \[tls\]"),
        ({"devices_ca_file": ""}, "devices_ca_file"),
        ({"key_file": "other"}, "key values mismatch"),
    ],
)
def test_files_that_are_of_no_use_are_named(survey, loop, tmp_path, tls, words):
    other = survey.write("other", lambda csr: survey.authority.issue_server(csr, ["other.example"]))
    given = {name: str(other[1]) if value == "other" else value for name, value in tls.items()}
    settings = node_settings(tmp_path / "data", tls=tls_settings(survey, **given))
    with pytest.raises(Fault, match=words), loop.node(settings, survey.gatekeeper):
        pass


def test_a_listener_needs_a_key_of_tokens_and_somebody_who_judges(survey, loop, tmp_path):
    settings = node_settings(tmp_path / "a", tls=tls_settings(survey), jwt_key=Secret(""))
    with pytest.raises(Fault, match="SURVEY_JWT_KEY"), loop.node(settings, survey.gatekeeper):
        pass
    settings = node_settings(tmp_path / "b", tls=tls_settings(survey))
    with pytest.raises(Fault, match="survey node"), loop.node(settings):
        pass
