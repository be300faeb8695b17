"""Seconds to replicate documents node to node, and node to CouchDB and back where one is given.

Usage: python tests/bench/bench_replication.py [--documents 10000] [--json]
With SURVEY_COUCHDB_URL=http://admin:pw@host:5984 a CouchDB is measured too. Starts nodes of its own in a
temporary folder and removes what it made.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

ROOT = Path(__file__).parents[2]
LISTENING = "listening on "
PASSWORD = uuid.uuid4().hex


class Server:
    """A server and its administrator."""

    def __init__(self, name: str, url: str) -> None:
        parts = urlsplit(url)
        self.name, self.url = name, f"{parts.scheme}://{parts.hostname}:{parts.port}"
        self.user, self.password = parts.username or "", parts.password or ""
        self.http = requests.Session()
        self.http.auth = (self.user, self.password)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"{self.url}{path}", json=body, timeout=600)
        answer.raise_for_status()
        return answer.json()

    def end(self, database: str) -> dict[str, Any]:
        auth = {"basic": {"username": self.user, "password": self.password}}
        return {"url": f"{self.url}/{database}", "auth": auth}


def measurement(number: int) -> dict[str, Any]:
    """A document of the size of a measurement."""
    meter = uuid.UUID(int=number % 2)
    return {
        "_id": f"measurement:{meter}:{number:08}",
        "type": "measurement",
        "meter": str(meter),
        "measured_at": "2026-07-01T12:00:07Z",
        "data": [
            {"obis": obis, "value": 123456789 + number, "scaler": -1, "unit": "Wh"}
            for obis in ("0100010800ff", "0100020800ff")
        ],
        "time": {"source": "ntp", "boot": str(uuid.UUID(int=7)), "monotonic_ms": number * 900_000},
    }


@contextlib.contextmanager
def node(folder: Path, name: str) -> Iterator[Server]:
    """An embedded node in a process of its own."""
    data = folder / name
    data.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "couch.node", "--port", "0", "--data", str(data)],
        cwd=ROOT,
        env={**os.environ, "SURVEY_ADMIN_PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = next(line for line in process.stdout if line.startswith(LISTENING))
        host = line.removeprefix(LISTENING).strip().removeprefix("http://")
        yield Server(name, f"http://admin:{PASSWORD}@{host}")
    finally:
        process.terminate()
        process.wait(30)


def replicate(by: Server, source: Server, target: Server, documents: int) -> dict[str, Any]:
    """Seconds that a first one-shot takes, and one that finds nothing new."""
    names = [f"bench-{uuid.uuid4().hex}" for _ in range(2)]
    source.send("PUT", f"/{names[0]}")
    target.send("PUT", f"/{names[1]}")
    try:
        for start in range(0, documents, 1000):
            docs = [measurement(number) for number in range(start, min(start + 1000, documents))]
            source.send("POST", f"/{names[0]}/_bulk_docs", {"docs": docs})
        body = {"source": source.end(names[0]), "target": target.end(names[1])}
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            answer = by.send("POST", "/_replicate", body)
            seconds.append(round(time.perf_counter() - began, 2))
        assert answer["no_changes"] is True
        assert answer["history"][0]["docs_written"] == documents
        return {"from": source.name, "to": target.name, "first_s": seconds[0], "again_s": seconds[1]}
    finally:
        source.send("DELETE", f"/{names[0]}")
        target.send("DELETE", f"/{names[1]}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        one, two = (stack.enter_context(node(folder, name)) for name in ("node 1", "node 2"))
        pairs = [(one, one, two), (one, two, one)]
        if couchdb_url := os.environ.get("SURVEY_COUCHDB_URL"):
            couchdb = Server("CouchDB", couchdb_url)
            pairs += [(one, one, couchdb), (one, couchdb, one)]
        for by, source, target in pairs:
            row = replicate(by, source, target, given.documents)
            words = "{from} to {to}: {first_s} s, nothing new: {again_s} s".format_map(row)
            print(json.dumps({"documents": given.documents, **row}) if given.json else words, flush=True)


if __name__ == "__main__":
    main()
