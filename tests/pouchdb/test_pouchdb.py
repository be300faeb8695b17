"""PouchDB (npm) replicates with the node both ways."""

import json
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

HERE = Path(__file__).parent
ANSWER_WITHIN_S = 30
pytestmark = pytest.mark.slow

ROOT, ONE, TWO, THREE = "a" * 32, "b" * 32, "c" * 32, "d" * 32


class Remote:
    """A fresh database at the server under test."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.http = requests.Session()
        self.http.auth = (user, password)
        self.url = f"{url}/pouch-{uuid.uuid4().hex}"
        scheme, _, rest = self.url.partition("://")
        self.pouch_url = f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest}"
        self.send("PUT", "")

    def send(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        answer = self.http.request(
            method,
            f"{self.url}/{path}",
            json=body,
            params=params,
            headers={"Accept": "application/json"},
            timeout=ANSWER_WITHIN_S,
        )
        assert answer.ok, answer.text
        return answer.json()

    def ids(self) -> list[str]:
        return [row["id"] for row in self.send("GET", "_all_docs")["rows"]]

    def leaves(self, doc_id: str) -> list[str]:
        return sorted(
            leaf["ok"]["_rev"] for leaf in self.send("GET", quote(doc_id, safe=""), open_revs="all")
        )


class Pouch:
    """A PouchDB in a process of its own."""

    def __init__(self, remote: Remote) -> None:
        self.process = subprocess.Popen(
            ["node", str(HERE / "peer.js"), remote.pouch_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self, name: str, *given: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([name, *given]) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        assert "error" not in told, told["error"]
        return told["ok"]

    def __call__(self, name: str, *given: Any) -> Any:
        self.begin(name, *given)
        return self.answer()


@pytest.fixture
def remote(couch_admin) -> Iterator[Remote]:
    remote = Remote(couch_admin.url, couch_admin.user, couch_admin.password.reveal())
    yield remote
    remote.send("DELETE", "")
    remote.http.close()


@pytest.fixture
def pouch(remote) -> Iterator[Pouch]:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (HERE / "node_modules").is_dir():
        pytest.skip("PouchDB is not installed: npm ci --prefix tests/pouchdb")
    pouch = Pouch(remote)
    with pouch.process:
        yield pouch
        assert pouch.process.stdin is not None
        pouch.process.stdin.close()
        pouch.process.wait(ANSWER_WITHIN_S)


def revision(doc_id: str, *ids: str, **body: Any) -> dict[str, Any]:
    """A revision with its ancestry, newest first."""
    revisions = {"start": len(ids), "ids": list(ids)}
    return {"_id": doc_id, "_rev": f"{len(ids)}-{ids[0]}", "_revisions": revisions, **body}


def test_what_pouchdb_wrote_arrives_at_the_node(remote, pouch):
    pouch(
        "put", {"_id": "meter:ä/1?", "value": 12, "text": "€\u0000", "deep": {"list": [1, None, True, 0.5]}}
    )
    pouch("put", {"_id": "two"})
    assert pouch("push")["written"] == 2
    assert remote.ids() == ["meter:ä/1?", "two"]
    document = remote.send("GET", quote("meter:ä/1?", safe=""))
    assert (document["value"], document["text"]) == (12, "€\u0000")
    assert document["deep"] == {"list": [1, None, True, 0.5]}


def test_what_the_node_has_arrives_at_pouchdb(remote, pouch):
    remote.send(
        "POST", "_bulk_docs", {"docs": [{"_id": f"d{number:03}", "n": number} for number in range(250)]}
    )
    assert pouch("pull", {"batch_size": 100})["written"] == 250
    assert pouch("ids") == remote.ids()
    assert pouch("read", "d007")["_rev"] == remote.send("GET", "d007")["_rev"]


def test_once_more_copies_nothing(remote, pouch):
    remote.send("PUT", "one", {"n": 1})
    pouch("put", {"_id": "two"})
    for way in ("pull", "push"):
        assert pouch(way)["written"] == 1
        assert pouch(way) == {"read": 0, "written": 0, "failures": 0}


def test_deletions_travel_both_ways(remote, pouch):
    rev = remote.send("PUT", "one", {})["rev"]
    pouch("put", {"_id": "two"})
    pouch("pull")
    pouch("push")
    remote.send("DELETE", "one", rev=rev)
    pouch("remove", "two")
    pouch("pull")
    pouch("push")
    assert pouch("ids") == remote.ids() == []
    assert pouch("leaves", "two") == remote.leaves("two")


def test_conflicts_travel_both_ways_and_the_same_revision_wins(remote, pouch):
    remote.send(
        "POST",
        "_bulk_docs",
        {"new_edits": False, "docs": [revision("x", ROOT, n=0), revision("x", ONE, ROOT, n=1)]},
    )
    pouch("store", [revision("x", ROOT, n=0), revision("x", TWO, ROOT, n=2)])
    pouch("pull")
    pouch("push")
    assert pouch("leaves", "x") == remote.leaves("x") == [f"2-{ONE}", f"2-{TWO}"]
    ours, theirs = pouch("read", "x"), remote.send("GET", "x", conflicts="true")
    assert ours == theirs == {"_id": "x", "_rev": f"2-{TWO}", "n": 2, "_conflicts": [f"2-{ONE}"]}


def test_a_deleted_branch_of_a_conflict_loses_on_both_sides(remote, pouch):
    remote.send("POST", "_bulk_docs", {"new_edits": False, "docs": [revision("x", ONE, ROOT, n=1)]})
    pouch("store", [revision("x", THREE, TWO, ROOT, _deleted=True)])
    pouch("push")
    pouch("pull")
    assert pouch("leaves", "x") == remote.leaves("x")
    assert pouch("read", "x")["_rev"] == remote.send("GET", "x")["_rev"] == f"2-{ONE}"


def test_an_edit_on_either_side_goes_on_from_the_other(remote, pouch):
    rev = remote.send("PUT", "x", {"n": 1})["rev"]
    pouch("pull")
    edited = pouch("put", {"_id": "x", "_rev": rev, "n": 2})
    pouch("push")
    last = remote.send("PUT", "x", {"n": 3, "_rev": edited})["rev"]
    pouch("pull")
    assert pouch("read", "x") == {"_id": "x", "_rev": last, "n": 3}
    assert last.startswith("3-")


@pytest.mark.parametrize("options", [{"doc_ids": ["one"]}, {"selector": {"n": 1}}])
def test_pouchdb_pulls_a_part(remote, pouch, options):
    remote.send("POST", "_bulk_docs", {"docs": [{"_id": "one", "n": 1}, {"_id": "two", "n": 2}]})
    assert pouch("pull", options)["written"] == 1
    assert pouch("ids") == ["one"]


def test_what_a_validator_refuses_is_counted_by_pouchdb(remote, pouch):
    rule = "function(doc) { if (doc.n === 2) throw({forbidden: 'two'}); }"
    remote.send("PUT", "_design/rules", {"validate_doc_update": rule})
    for number in range(4):
        pouch("put", {"_id": f"d{number}", "n": number})
    assert pouch("push") == {"read": 4, "written": 3, "failures": 1}


def test_live_replication_follows_both_sides(remote, pouch):
    pouch("follow")
    pouch.begin("arrived", "from-node")
    rev = remote.send("PUT", "from-node", {})["rev"]
    assert pouch.answer() == rev
    rev = pouch("put", {"_id": "from-pouch"})
    page = {"results": [], "last_seq": "0"}
    while "from-pouch" not in {row["id"] for row in page["results"]}:
        page = remote.send("GET", "_changes", feed="longpoll", since=page["last_seq"])
    assert remote.send("GET", "from-pouch")["_rev"] == rev
    pouch("stop")


def test_checkpoints_of_pouchdb_lie_in_local_documents(remote, pouch):
    remote.send("PUT", "one", {})
    pouch("pull")
    rows = remote.send("GET", "_local_docs", include_docs="true")["rows"]
    (log,) = [row["doc"] for row in rows]
    assert log["history"][0]["session_id"] == log["session_id"]
