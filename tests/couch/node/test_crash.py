"""Nothing that was answered 201 is lost, whenever the process is killed."""

import base64
import http.client
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HEADERS = {
    "Authorization": "Basic " + base64.b64encode(b"admin:pw").decode(),
    "Content-Type": "application/json",
}
KILLS = 8


class Node:
    """A node as a process, and the documents that it said it had written."""

    def __init__(self, data: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "couch.node", "--port", "0", "--data", str(data)],
            env={**os.environ, "SURVEY_ADMIN_PASSWORD": "pw"},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def send(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), HEADERS)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def write_until_killed(self, name: str, answered: dict[str, str]) -> None:
        """Documents one by one and in bulk; notes each that was answered."""
        number = 0
        while True:
            number += 1
            try:
                if number % 5:
                    status, body = self.send("PUT", f"/d/{name}-{number}", {"n": number})
                    written = [body] if status == 201 else []
                else:
                    docs = [{"_id": f"{name}-{number}-{n}", "n": n} for n in range(20)]
                    _, written = self.send("POST", "/d/_bulk_docs", {"docs": docs})  # type: ignore[assignment]
            except (OSError, http.client.HTTPException, ValueError):
                return
            answered.update({str(one["id"]): str(one["rev"]) for one in written})


@contextmanager
def node(data: Path) -> Iterator[Node]:
    running = Node(data)
    with running.process:
        try:
            yield running
        finally:
            running.process.kill()


@pytest.mark.slow
def test_nothing_answered_is_lost_when_the_process_is_killed_at_any_point(tmp_path: Path) -> None:
    answered: dict[str, str] = {}
    chance = random.Random(20260101)
    for kill in range(KILLS):
        with node(tmp_path) as running:
            running.send("PUT", "/d")
            timer = threading.Timer(chance.uniform(0.05, 0.6), running.process.kill)
            timer.start()
            writers = [
                threading.Thread(target=running.write_until_killed, args=(f"{kill}-{n}", answered))
                for n in range(2)
            ]
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
            timer.cancel()
    with node(tmp_path) as running:
        _, listing = running.send("GET", "/d/_all_docs")
        rows = listing["rows"]
        assert isinstance(rows, list)
        stored = {row["id"]: row["value"]["rev"] for row in rows}
        assert answered.items() <= stored.items()
        assert len(answered) > KILLS
        _, info = running.send("GET", "/d")
        assert info["doc_count"] == len(stored)
        _, feed = running.send("GET", "/d/_changes")
        assert isinstance(feed["results"], list)
        assert len(feed["results"]) == len(stored)
        running.process.terminate()
        assert running.process.wait(20) == 0
