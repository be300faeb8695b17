"""A small CouchDB in memory, for peers that fail on demand; test_fake_peer.py holds it to the real thing."""

import asyncio
import base64
import contextlib
import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from couch.node.replicator.options import ReplicatorOptions
from couch.node.replicator.service import ReplicatorService
from couch.node.selector import compile_selector
from couch.node.user import UserCtx

Doc = dict[str, Any]
ADMIN = UserCtx("admin", ("_admin",))
FAST = ReplicatorOptions(retry_wait_s=0.001, backoff_s=0.01, heartbeat_s=1.0, close_timeout_s=2.0)


@dataclass
class FakeDatabase:
    """Revisions by document; `refuse` is the validator: an error and its reason, or None."""

    instance: str = field(default_factory=lambda: uuid.uuid4().hex)
    revs: dict[str, dict[str, tuple[list[str], Doc]]] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    local: dict[str, Doc] = field(default_factory=dict)
    refuse: Callable[[Doc], tuple[str, str] | None] = lambda doc: None
    seq: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, doc_id: str, **body: Any) -> str:
        """Write a first or following revision, as a client does."""
        path = self.revs.get(doc_id, {}).get(self.winner(doc_id) or "", ([], {}))[0]
        text = json.dumps([path, body], sort_keys=True).encode()
        rev = f"{len(path) + 1}-{hashlib.blake2b(text, digest_size=16).hexdigest()}"
        self.store({"_id": doc_id, "_rev": rev, **body}, [rev, *path])
        return rev

    def store(self, doc: Doc, path: list[str]) -> None:
        """Add a revision with its ancestry, newest first."""
        known = self.revs.setdefault(doc["_id"], {})
        if path[0] in known:
            return
        for position, rev in reversed(list(enumerate(path))):
            known.setdefault(rev, (path[position:], doc if position == 0 else {}))
        self.seq += 1
        self.changed[doc["_id"]] = self.seq
        self.news.set()
        self.news = asyncio.Event()

    def leaves(self, doc_id: str) -> list[str]:
        known = self.revs[doc_id]
        inner = {path[1] for path, _ in known.values() if len(path) > 1}
        live = [rev for rev in known if rev not in inner]
        return sorted(live, key=lambda rev: (not known[rev][1].get("_deleted"), _order(rev)), reverse=True)

    def winner(self, doc_id: str) -> str | None:
        return self.leaves(doc_id)[0] if doc_id in self.revs else None

    def document(self, doc_id: str, rev: str, *, revs: bool = False) -> Doc:
        path, doc = self.revs[doc_id][rev]
        if not revs:
            return dict(doc)
        ids = [one.partition("-")[2] for one in path]
        return {**doc, "_revisions": {"start": len(path), "ids": ids}}

    def read(self) -> dict[str, Doc]:
        """The winners that are not deleted, without their revisions."""
        winners = {doc_id: self.document(doc_id, self.winner(doc_id) or "") for doc_id in self.revs}
        return {
            doc_id: {k: v for k, v in doc.items() if not k.startswith("_")}
            for doc_id, doc in sorted(winners.items())
            if not doc.get("_deleted")
        }


def _order(rev: str) -> tuple[int, str]:
    start, _, digest = rev.partition("-")
    return int(start), digest


class FakeCouch:
    """An HTTP server with the requests of the replication protocol.

    `on(method, end, *actions)` lets the next requests whose path ends so go wrong, an action each: a number
    is the status of the answer; "cut" sends half of it; "lost" does the work and sends nothing; None lets it
    pass; a function is awaited first.
    """

    def __init__(self) -> None:
        self.databases: dict[str, FakeDatabase] = {}
        self.uuid = uuid.uuid4().hex
        self.password: str | None = None
        self.requests: list[str] = []
        self.bulk_get = True
        self._actions: list[tuple[str, str, Any]] = []
        self.url = ""

    def create(self, *names: str) -> list[FakeDatabase]:
        for name in names:
            self.databases[name] = FakeDatabase()
        return [self.databases[name] for name in names]

    def on(self, method: str, end: str, *actions: Any) -> None:
        self._actions += [(method, end, action) for action in actions]

    def seen(self, end: str) -> int:
        """How many requests had a method and path that end so."""
        return sum(request.endswith(end) for request in self.requests)

    async def _act(self, request: web.Request) -> Any:
        for index, (method, end, action) in enumerate(self._actions):
            if request.method == method and request.path.endswith(end):
                del self._actions[index]
                if callable(action):
                    await action()
                    return None
                return action
        return None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path}")
        if self.password is not None:
            wanted = "Basic " + base64.b64encode(f"admin:{self.password}".encode()).decode()
            if request.headers.get("Authorization") != wanted:
                return _answer(401, {"error": "unauthorized", "reason": "Name or password is incorrect."})
        body = await request.read()
        action = await self._act(request)
        if isinstance(action, int):
            return _answer(action, {"error": f"status_{action}", "reason": "as the test wants"})
        status, content = await self._route(request, json.loads(body) if body else None)
        if action == "stored, then 409":
            return _answer(409, {"error": "conflict", "reason": "Document update conflict."})
        if action == "lost":
            assert request.transport is not None
            request.transport.close()
        if action == "cut":
            text = json.dumps(content).encode()
            half = web.StreamResponse(headers={"Content-Length": str(len(text))})
            await half.prepare(request)
            await half.write(text[: len(text) // 2])
            assert request.transport is not None
            request.transport.close()
            return half
        return _answer(status, content)

    async def _route(self, request: web.Request, body: Any) -> tuple[int, Any]:
        name, _, rest = request.path.strip("/").partition("/")
        if not name:
            return 200, {"couchdb": "Welcome", "version": "3.5.0", "uuid": self.uuid}
        if request.method == "PUT" and not rest:
            there = name in self.databases
            self.databases.setdefault(name, FakeDatabase())
            return (412, {"error": "file_exists", "reason": ""}) if there else (201, {"ok": True})
        db = self.databases.get(name)
        if db is None:
            return 404, {"error": "not_found", "reason": "Database does not exist."}
        if not rest:
            return 200, {"db_name": name, "update_seq": f"{db.seq}-x", "instance_start_time": db.instance}
        handlers: dict[str, Callable[..., Awaitable[tuple[int, Any]]]] = {
            "_changes": self._changes,
            "_revs_diff": self._revs_diff,
            "_bulk_get": self._bulk_get_docs,
            "_bulk_docs": self._bulk_docs,
            "_all_docs": self._all_docs,
        }
        return await handlers.get(rest, self._document)(db, request, body)

    async def _changes(self, db: FakeDatabase, request: web.Request, body: Any) -> tuple[int, Any]:
        query = request.query
        since = int(query.get("since", "0").partition("-")[0])
        while True:
            news = db.news
            rows = [(seq, doc_id) for doc_id, seq in db.changed.items() if seq > since]
            pending = sorted(rows)
            wanted = [row for row in pending if _passes(db, row[1], query, body)]
            if wanted or query.get("feed") != "longpoll":
                break
            await news.wait()
        limited = wanted[: int(query.get("limit", "1000000"))]
        last = limited[-1][0] if len(limited) < len(wanted) else db.seq
        results = []
        for seq, doc_id in limited:
            leaves = db.leaves(doc_id) if query.get("style") == "all_docs" else db.leaves(doc_id)[:1]
            row = {"seq": f"{seq}-x", "id": doc_id, "changes": [{"rev": rev} for rev in leaves]}
            if db.document(doc_id, db.leaves(doc_id)[0]).get("_deleted"):
                row["deleted"] = True
            if query.get("include_docs") == "true":
                row["doc"] = db.document(doc_id, db.leaves(doc_id)[0])
            results.append(row)
        later = sum(seq > last for seq, _ in rows)
        return 200, {"results": results, "last_seq": f"{last}-x", "pending": later}

    async def _revs_diff(self, db: FakeDatabase, request: web.Request, body: Any) -> tuple[int, Any]:
        lacking = {
            doc_id: [rev for rev in revs if rev not in db.revs.get(doc_id, {})]
            for doc_id, revs in body.items()
        }
        return 200, {doc_id: {"missing": revs} for doc_id, revs in lacking.items() if revs}

    async def _bulk_get_docs(self, db: FakeDatabase, request: web.Request, body: Any) -> tuple[int, Any]:
        if not self.bulk_get:
            return 404, {"error": "not_found", "reason": "missing"}
        return 200, {
            "results": [{"id": d["id"], "docs": [_found(db, d["id"], d["rev"])]} for d in body["docs"]]
        }

    async def _bulk_docs(self, db: FakeDatabase, request: web.Request, body: Any) -> tuple[int, Any]:
        assert body["new_edits"] is False
        return 201, [row for doc in body["docs"] if (row := _store(db, doc)) is not None]

    async def _all_docs(self, db: FakeDatabase, request: web.Request, body: Any) -> tuple[int, Any]:
        ids = sorted(db.read())
        rows = [{"id": doc_id, "doc": db.document(doc_id, db.winner(doc_id) or "")} for doc_id in ids]
        return 200, {"total_rows": len(ids), "offset": 0, "rows": rows}

    async def _document(self, db: FakeDatabase, request: web.Request, body: Any) -> tuple[int, Any]:
        doc_id = request.path.strip("/").partition("/")[2]
        if doc_id.startswith("_local/"):
            return _local(db, doc_id, request.method, body)
        if request.method == "PUT" and request.query.get("new_edits") == "false":
            row = _store(db, body)
            return (403, row) if row is not None else (201, {"ok": True, "id": doc_id, "rev": body["_rev"]})
        if request.method == "PUT":
            if body.pop("_rev", None) != db.winner(doc_id):
                return 409, {"error": "conflict", "reason": "Document update conflict."}
            body.pop("_id", None)
            return 201, {"ok": True, "id": doc_id, "rev": db.put(doc_id, **body)}
        return _get(db, doc_id, request.query.get("open_revs"))


def _get(db: FakeDatabase, doc_id: str, open_revs: str | None) -> tuple[int, Any]:
    if doc_id in db.revs and open_revs is not None:
        return 200, [_found(db, doc_id, rev) for rev in json.loads(open_revs)]
    if doc_id not in db.revs or db.document(doc_id, db.leaves(doc_id)[0]).get("_deleted"):
        return 404, {"error": "not_found", "reason": "missing"}
    return 200, db.document(doc_id, db.leaves(doc_id)[0])


def _passes(db: FakeDatabase, doc_id: str, query: Any, body: Any) -> bool:
    if query.get("filter") == "_doc_ids":
        return doc_id in body["doc_ids"]
    if query.get("filter") == "_selector":
        return bool(compile_selector(body["selector"])(db.document(doc_id, db.leaves(doc_id)[0])))
    return True


def _found(db: FakeDatabase, doc_id: str, rev: str) -> Doc:
    if rev not in db.revs.get(doc_id, {}):
        return {"error": {"id": doc_id, "rev": rev, "error": "not_found", "reason": "missing"}}
    return {"ok": db.document(doc_id, rev, revs=True)}


def _store(db: FakeDatabase, doc: Doc) -> Doc | None:
    revisions = doc.pop("_revisions", {"start": 1, "ids": [doc["_rev"].partition("-")[2]]})
    if (refusal := db.refuse(doc)) is not None:
        return {"id": doc["_id"], "rev": doc["_rev"], "error": refusal[0], "reason": refusal[1]}
    start = revisions["start"]
    db.store(doc, [f"{start - place}-{digest}" for place, digest in enumerate(revisions["ids"])])
    return None


def _local(db: FakeDatabase, doc_id: str, method: str, body: Any) -> tuple[int, Any]:
    stands = db.local.get(doc_id)
    if method == "GET":
        missing = (404, {"error": "not_found", "reason": "missing"})
        return missing if stands is None else (200, stands)
    rev = f"0-{int(body.get('_rev', '0-0')[2:]) + 1}"  # CouchDB 3.5 compares no revisions here
    db.local[doc_id] = {**body, "_id": doc_id, "_rev": rev}
    return 201, {"ok": True, "id": doc_id, "rev": rev}


def _answer(status: int, body: Any) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(body).encode() + b"\n", content_type="application/json"
    )


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[FakeCouch]:
    """A fake server on loopback."""
    fake = FakeCouch()
    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_route("*", "/{path:.*}", fake._serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()


class Bench:
    """A fake server and a replicator beside it."""

    def __init__(self, couch: FakeCouch, options: ReplicatorOptions) -> None:
        self.couch = couch
        self.service = ReplicatorService(
            base_url=lambda: couch.url, internal_headers=lambda user: {"X-Internal": "yes"}, options=options
        )

    def body(self, **more: Any) -> Doc:
        return {"source": f"{self.couch.url}/a", "target": f"{self.couch.url}/b", **more}

    async def replicate(self, **more: Any) -> Doc:
        """The answer to a one-shot from a to b that has to succeed."""
        status, answer = await self.service.replicate(self.body(**more), ADMIN)
        assert (status, answer.get("ok")) == (200, True), answer
        return answer

    async def fail(self, **more: Any) -> Doc:
        """The answer to a one-shot from a to b that has to fail."""
        status, answer = await self.service.replicate(self.body(**more), ADMIN)
        assert status >= 400, answer
        return answer

    async def until(self, true: Callable[[], bool]) -> None:
        """Let the others run until something is so; the deadline is that of the test."""
        while not true():  # noqa: ASYNC110 - what is awaited has no event of its own
            await asyncio.sleep(0.001)


@pytest.fixture
def bench() -> Callable[..., None]:
    """Runs an asynchronous test with a Bench: `bench(test)` or `bench(test, options)`."""

    def run(test: Callable[[Bench], Awaitable[None]], options: ReplicatorOptions = FAST) -> None:
        async def body() -> None:
            async with asyncio.timeout(20), running() as couch:
                bench = Bench(couch, options)
                try:
                    await test(bench)
                finally:
                    await bench.service.close()

        asyncio.run(body())

    return run
