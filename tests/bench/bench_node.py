"""Bulk writes a second: 1,000 documents at a time, with and without a validator.

Run by hand: `python tests/bench/bench_node.py [--batches N]`. It starts an embedded node in a new folder;
SURVEY_COUCHDB_URL measures that server instead.
"""

import argparse
import base64
import http.client
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
BATCH = 1000
SMALL = "function(doc) { if (!doc.type) throw({forbidden: 'type'}); }"


class Connection:
    """One keep-alive connection as the administrator."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._http = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        token = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}

    def send(self, method: str, path: str, body: object = None) -> object:
        data = None if body is None else json.dumps(body)
        self._http.request(method, path, data, self._headers)
        response = self._http.getresponse()
        answer = json.loads(response.read())
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {answer}")
        return answer


@contextmanager
def server() -> Iterator[str]:
    """The address of the server to measure, with credentials."""
    given = os.environ.get("SURVEY_COUCHDB_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "couch.node", "--port", "0", "--data", folder],
            env={**os.environ, "SURVEY_ADMIN_PASSWORD": "bench"},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1].replace("://", "://admin:bench@")
            process.terminate()


def measurement(number: int) -> dict[str, object]:
    """A document as devices write them."""
    meter = f"00000000-0000-4000-8000-{number % 2:012d}"
    minutes = 15 * (number // 2)
    slot = f"{2026 + minutes // 525_600}-{minutes // 43_800 % 12 + 1:02d}-{minutes // 1440 % 28 + 1:02d}"
    slot += f"T{minutes // 60 % 24:02d}:{minutes % 60:02d}:{number // 80_640 % 60:02d}Z"
    readings = [
        {"obis": obis, "value": 1_000_000 + number, "scaler": -1, "unit": unit}
        for obis, unit in (("0100010800ff", "Wh"), ("0100020800ff", "Wh"), ("0100100700ff", "W"))
    ]
    return {
        "_id": f"measurement:{meter}:{slot}:{number}",
        "type": "measurement",
        "meter": meter,
        "slot": slot,
        "measured_at": slot,
        "data": readings,
        "time": {"source": "synchronized", "boot": "b", "monotonic_ms": number * 900_000},
        "marks": [],
    }


def measure(connection: Connection, batches: int, validator: str | None, *, new_edits: bool = True) -> float:
    """Documents a second."""
    name = f"bench-{secrets.token_hex(6)}"
    connection.send("PUT", f"/{name}?q=1")
    try:
        if validator is not None:
            connection.send("PUT", f"/{name}/_design/rules", {"validate_doc_update": validator})
        prepared = [[measurement(batch * BATCH + n) for n in range(BATCH)] for batch in range(batches)]
        if not new_edits:
            for batch in prepared:
                for document in batch:
                    document["_rev"] = f"1-{secrets.token_hex(16)}"
        started = time.perf_counter()
        for batch in prepared:
            body = {"docs": batch, "new_edits": new_edits}
            connection.send("POST", f"/{name}/_bulk_docs", body)
        return batches * BATCH / (time.perf_counter() - started)
    finally:
        connection.send("DELETE", f"/{name}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batches", type=int, default=20, help="batches of 1,000 documents [20]")
    batches = parser.parse_args().batches
    with server() as url:
        connection = Connection(url)
        rows = [
            ("new documents", measure(connection, batches, None)),
            ("replicated documents (new_edits false)", measure(connection, batches, None, new_edits=False)),
            ("new documents, small validator", measure(connection, batches, SMALL)),
        ]
    print(f"{'bulk writes, 1,000 documents at a time':45} {'documents/s':>12}")
    for label, rate in rows:
        print(f"{label:45} {rate:12,.0f}")


if __name__ == "__main__":
    main()
