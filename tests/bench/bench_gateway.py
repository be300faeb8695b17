"""What the gateway costs: seconds of replication through each door, as a ratio to plain replication.

Usage: python tests/bench/bench_gateway.py [--documents 5000] [--cycles 20] [--json]
Doors: the embedded node's own listener; with SURVEY_COUCHDB_URL and SURVEY_JWT_KEY (base64 of CouchDB's key
hmac:_default) also nginx in front of that CouchDB. The same node pushes measurements into a household's
database, with its validator: plainly with a password over HTTP, then with a certificate through the door.
`bulk` is one push of all documents, `cycle` a push of 8 and a pull of 4, as after every quarter of an hour.
"""

import argparse
import base64
import contextlib
import json
import multiprocessing
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from couch.client import Server
from couch.clock import to_rfc3339
from couch.names import device_roles
from couch.replication import PUSH_GRANTED, Site, pull, push
from couch.secret import Secret
from couch.transport import split_url

sys.path.insert(0, str(Path(__file__).parents[1] / "integration/gateway"))
import gateway_world as world
from gateway_world import PASSWORD, Centre, Loop, Survey

METER = str(uuid.uuid4())
SECRET = "the-secret-of-the-proxy-in-this-benchmark"
PULLED = ["registration", "location", "consent:granted", "consent:revoked"]
_START = datetime(2026, 1, 1, tzinfo=UTC)


def measurement(number: int, device: str) -> dict[str, Any]:
    """A document as devices make them."""
    slot = to_rfc3339(_START + number * timedelta(minutes=15))
    return {
        "_id": f"measurement:{METER}:{slot}",
        "type": "measurement",
        "meter": METER,
        "slot": slot,
        "measured_at": slot,
        "device": device,
        "data": [
            {"obis": obis, "value": 123456789 + number, "scaler": -1, "unit": "Wh"}
            for obis in ("0100010800ff", "0100020800ff")
        ],
        "time": {"source": "synchronized", "boot": str(uuid.UUID(int=7)), "monotonic_ms": number * 900_000},
        "marks": [],
    }


# --- processes of the centre, apart from the device's


def serve_node(folder: str, records: str, ready: Any, tls: dict[str, Any]) -> None:
    """A node with a listener for devices, until the process is ended."""
    from couch.node.settings import TlsSettings  # noqa: PLC0415
    from provisioning.ca.records import CertificateRecords  # noqa: PLC0415
    from webapp.gateway.gateway import open_gateway  # noqa: PLC0415

    known = CertificateRecords(Path(records))

    def gatekeeper(settings: Any, url: str) -> Any:
        key = base64.b64decode(world.JWT_KEY.reveal())
        opening = lambda: Server(url, user="admin", password=PASSWORD)  # noqa: E731
        return open_gateway(opening, key, lambda facts: known.judge(facts).value).authorize

    loop = Loop()
    with loop.node(world.node_settings(Path(folder), tls=TlsSettings(**tls)), gatekeeper) as node:
        ready.send((node.url, node.tls_url))
        ready.recv()


def serve_gateway(records: str, couchdb: str, key: str, ready: Any) -> None:
    """The pages process, with the gateway alone."""
    from flask import Flask  # noqa: PLC0415
    from waitress.server import create_server  # noqa: PLC0415

    from provisioning.ca.records import CertificateRecords  # noqa: PLC0415
    from webapp import access  # noqa: PLC0415
    from webapp.gateway.blueprint import gateway_blueprint  # noqa: PLC0415
    from webapp.gateway.gateway import open_gateway  # noqa: PLC0415

    known = CertificateRecords(Path(records))
    gateway = open_gateway(
        lambda: Server(couchdb), base64.b64decode(key), lambda facts: known.judge(facts).value
    )
    app = Flask("pages")
    app.before_request(access.check)
    app.register_blueprint(gateway_blueprint(gateway.authorize, SECRET.encode()))
    server = create_server(app, host="127.0.0.1", port=0, threads=8, ident=None)
    ready.send(int(server.effective_port))
    server.run()


@contextlib.contextmanager
def process(target: Any, *arguments: Any) -> Iterator[Any]:
    """`target` in a process of its own; what it says when it is ready."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(
        target=target, args=tuple(theirs if a is None else a for a in arguments), daemon=True
    )
    child.start()
    try:
        yield ours.recv()
    finally:
        child.terminate()
        child.join(10)


@contextlib.contextmanager
def embedded(survey: Survey, folder: Path) -> Iterator[Centre]:
    """The embedded node behind its own listener."""
    tls = msgspec.structs.asdict(world.tls_settings(survey))
    with (
        process(serve_node, str(folder), str(survey.ca.records), None, tls) as (url, tls_url),
        Server(url, user="admin", password=PASSWORD) as admin,
    ):
        yield Centre(survey, admin, int(tls_url.rpartition(":")[2]))


@contextlib.contextmanager
def behind_nginx(survey: Survey, folder: Path, couchdb: str, key: str) -> Iterator[Centre]:
    """A CouchDB behind nginx and the gateway."""
    from nginx_process import Nginx  # noqa: PLC0415

    folder.mkdir()
    address = split_url(couchdb)[0].partition("//")[2]
    with (
        process(serve_gateway, str(survey.ca.records), couchdb, key, None) as pages,
        Server(couchdb) as admin,
    ):
        nginx = Nginx(survey, folder, couchdb=address, pages=pages, secret=SECRET)
        try:
            yield Centre(survey, admin, nginx.port)
        finally:
            nginx.close()


# --- the device


def measure(
    centre: Centre, loop: Loop, folder: Path, documents: int, cycles: int
) -> Iterator[dict[str, Any]]:
    """Plain and through the door, each into a household of its own."""
    seconds: dict[str, dict[str, float]] = {}
    for way in ("plain", "door"):
        household = centre.household()
        device = centre.survey.identity(world.uuid_of(household))
        roles = device_roles(device.household, device.device)
        user, password = f"bench-{device.device}", Secret(uuid.uuid4().hex)
        centre.admin.put_user(user, password.reveal(), roles)
        there = Site(centre.url, household.name)
        if way == "plain":
            there = Site(centre.admin.url, household.name, user, password)
        settings = world.node_settings(
            folder / way, replicator=world.replicator_settings(centre.survey, device)
        )
        with loop.node(settings) as node, Server(node.url, user="admin", password=PASSWORD) as local:
            seconds[way] = one_way(local, there, device.device, documents, cycles)
        assert household.info()["doc_count"] == documents + 8 * cycles + 1, household.info()
        centre.admin.delete_database(household.name)
        stored = centre.admin.database("_users").get(f"org.couchdb.user:{user}")
        centre.admin.database("_users").delete(stored["_id"], stored["_rev"])
    for what, plain_s in seconds["plain"].items():
        door_s = seconds["door"][what]
        yield {"what": what, "plain_s": plain_s, "door_s": door_s, "ratio": round(door_s / plain_s, 2)}


def one_way(local: Server, there: Site, device: str, documents: int, cycles: int) -> dict[str, float]:
    name = f"replica-{device}"
    local.create_database(name)
    replica = local.database(name)
    here = Site(local.url, name, "admin", Secret(PASSWORD))
    for start in range(0, documents, 1000):
        replica.bulk([measurement(number, device) for number in range(start, min(start + 1000, documents))])
    began = time.perf_counter()
    assert push(local, here, there, PUSH_GRANTED, timeout_s=600).failures == 0
    bulk_s = time.perf_counter() - began
    spent_s = 0.0
    for cycle in range(cycles):
        first = documents + 8 * cycle
        replica.bulk([measurement(first + number, device) for number in range(8)])
        began = time.perf_counter()
        assert push(local, here, there, PUSH_GRANTED, timeout_s=600).written == 8
        pull(local, there, here, PULLED, timeout_s=600)
        spent_s += time.perf_counter() - began
    return {"bulk": round(bulk_s, 3), "cycle": round(spent_s / cycles, 4)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    given = parser.parse_args()
    loop = Loop()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        survey = Survey(folder / "survey")
        stack.callback(survey.close)
        doors: dict[str, Any] = {"embedded": embedded(survey, folder / "centre")}
        couchdb, key = os.environ.get("SURVEY_COUCHDB_URL"), os.environ.get("SURVEY_JWT_KEY")
        if couchdb and key:
            doors["nginx and CouchDB"] = behind_nginx(survey, folder / "nginx", couchdb, key)
        for number, (name, opening) in enumerate(doors.items()):
            with opening as centre:
                for row in measure(centre, loop, folder / f"device-{number}", given.documents, given.cycles):
                    words = f"{name}, {{what}}: plain {{plain_s}} s, door {{door_s}} s, ratio {{ratio}}"
                    print(
                        json.dumps({"door": name, **row}) if given.json else words.format_map(row), flush=True
                    )
    loop.close()


if __name__ == "__main__":
    main()
