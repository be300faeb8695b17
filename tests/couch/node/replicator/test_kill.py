"""A node killed while it replicates: after its restart everything is there, once."""

import os
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest
import requests

pytestmark = pytest.mark.slow

LISTENING = "listening on "
DOCUMENTS = 400


class Node:
    """A node in a process of its own; its administrator's session."""

    def __init__(self, folder: Path, password: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "couch.node", "--port", "0", "--data", str(folder)],
            cwd=Path(__file__).parents[4],
            env={**os.environ, "SURVEY_ADMIN_PASSWORD": password},
            stdout=subprocess.PIPE,
            text=True,
        )
        line = next(line for line in self.process.stdout if line.startswith(LISTENING))
        self.url = line.removeprefix(LISTENING).strip()
        self.http = requests.Session()
        self.http.auth = ("admin", password)

    def send(self, method, path, body=None, **params):
        answer = self.http.request(method, f"{self.url}{path}", json=body, params=params, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def end(self, sign) -> None:
        with self.process:
            self.process.send_signal(sign)
        self.http.close()


def one_shot():
    return {"source": "a", "target": "b", "worker_batch_size": 20, "checkpoint_interval": 1}


@pytest.mark.parametrize("batches", [1, 4, 9])
def test_a_killed_node_goes_on_and_doubles_nothing(tmp_path, batches):
    password = uuid.uuid4().hex
    node = Node(tmp_path, password)
    for name in ("a", "b"):
        node.send("PUT", f"/{name}")
    node.send("POST", "/a/_bulk_docs", {"docs": [{"_id": f"d{number:04}"} for number in range(DOCUMENTS)]})

    def ask():
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{node.url}/_replicate", json=one_shot(), auth=node.http.auth, timeout=60)

    asking = threading.Thread(target=ask)
    asking.start()
    page = {"last_seq": "0"}
    for _ in range(batches):
        page = node.send("GET", "/b/_changes", feed="longpoll", since=page["last_seq"])
    node.end(9)
    asking.join()

    node = Node(tmp_path, password)
    try:
        before = node.send("GET", "/b")["doc_count"]
        assert 0 < before < DOCUMENTS
        answer = node.send("POST", "/_replicate", one_shot())
        assert answer["ok"] is True
        rows = [node.send("GET", f"/{name}/_all_docs")["rows"] for name in ("a", "b")]
        assert rows[0] == rows[1]
        assert node.send("GET", "/b/_changes", style="all_docs")["last_seq"].startswith(f"{DOCUMENTS}-")
        assert node.send("POST", "/_replicate", one_shot())["no_changes"] is True
    finally:
        node.end(15)
