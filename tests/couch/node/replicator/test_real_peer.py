"""The replicator between databases of a real server: CouchDB where SURVEY_COUCHDB_URL is set, else a node."""

import asyncio
import base64
import contextlib
import os
import uuid

import aiohttp
import pytest

from couch.node.replicator.options import ReplicatorOptions
from couch.node.replicator.service import ReplicatorService
from couch.node.user import UserCtx

pytestmark = pytest.mark.slow

ADMIN = UserCtx("admin", ("_admin",))
ROOT, ONE, TWO = "a" * 32, "b" * 32, "c" * 32


class Server:
    """Databases a and b at the server under test, and a replicator beside it."""

    def __init__(self, admin, http):
        self.admin, self.http = admin, http
        self.names = {name: f"peer-{name}-{uuid.uuid4().hex}" for name in "ab"}
        self.service = ReplicatorService(
            base_url=lambda: admin.url,
            internal_headers=lambda user: http.headers,
            options=ReplicatorOptions(),
        )

    def end(self, name):
        auth = {"basic": {"username": self.admin.user, "password": self.admin.password.reveal()}}
        return {"url": f"{self.admin.url}/{self.names[name]}", "auth": auth}

    async def send(self, method, name, path="", body=None, **params):
        url = f"{self.admin.url}/{self.names[name]}/{path}"
        async with self.http.request(method, url, json=body, params=params) as answer:
            assert answer.ok, await answer.text()
            return await answer.json(content_type=None)

    async def replicate(self, **more):
        body = {"source": self.end("a"), "target": self.end("b"), **more}
        _, answer = await self.service.replicate(body, ADMIN)
        assert answer.get("ok"), answer
        return answer

    async def feed(self, name):
        page = await self.send("GET", name, "_changes", style="all_docs")
        return {
            row["id"]: (sorted(leaf["rev"] for leaf in row["changes"]), row.get("deleted", False))
            for row in page["results"]
        }


@pytest.fixture
def server(couch_admin):
    """Runs an asynchronous test with a Server."""

    @contextlib.asynccontextmanager
    async def running():
        credentials = f"{couch_admin.user}:{couch_admin.password.reveal()}".encode()
        headers = {
            "Accept": "application/json",
            "Authorization": "Basic " + base64.b64encode(credentials).decode(),
        }
        async with aiohttp.ClientSession(headers=headers) as http:
            server = Server(couch_admin, http)
            for name in "ab":
                await server.send("PUT", name)
            try:
                yield server
            finally:
                await server.service.close()
                for name in "ab":
                    await server.send("DELETE", name)

    def run(test):
        async def body():
            async with asyncio.timeout(60), running() as server:
                await test(server)

        asyncio.run(body())

    return run


def test_all_leaves_deletions_and_design_documents_travel(server):
    async def test(server):
        docs = [
            {"_id": "x", "_rev": f"2-{ONE}", "_revisions": {"start": 2, "ids": [ONE, ROOT]}},
            {"_id": "x", "_rev": f"2-{TWO}", "_revisions": {"start": 2, "ids": [TWO, ROOT]}, "n": 2},
            {
                "_id": "ä/?%2F",
                "_rev": f"1-{ROOT}",
                "_revisions": {"start": 1, "ids": [ROOT]},
                "_deleted": True,
            },
        ]
        await server.send("POST", "a", "_bulk_docs", {"new_edits": False, "docs": docs})
        await server.send("PUT", "a", "_design/d", {"views": {}})
        assert (await server.replicate())["history"][0]["docs_written"] == 4
        assert await server.feed("b") == await server.feed("a")
        assert (await server.replicate())["no_changes"] is True

    server(test)


def test_many_documents_by_pages_and_a_part_of_them(server):
    async def test(server):
        docs = [{"_id": f"d{number:04}", "n": number % 3} for number in range(1200)]
        await server.send("POST", "a", "_bulk_docs", {"docs": docs})
        part = await server.replicate(selector={"n": 1}, worker_batch_size=100)
        assert part["history"][0]["docs_written"] == 400
        assert (await server.replicate(selector={"n": 1}))["no_changes"] is True
        rest = await server.replicate()
        assert rest["history"][0]["docs_written"] == 800
        by_ids = await server.replicate(doc_ids=["d0001", "none"])
        assert (by_ids["docs_written"], by_ids["doc_write_failures"]) == (0, 0)
        assert await server.feed("b") == await server.feed("a")

    server(test)


def test_a_continuous_replication_follows(server):
    async def test(server):
        status, started = await server.service.replicate(
            {"source": server.end("a"), "target": server.end("b"), "continuous": True}, ADMIN
        )
        assert status == 202
        since = "0"
        for number in range(3):
            await server.send("PUT", "a", f"d{number}", {})
            page = await server.send("GET", "b", "_changes", feed="longpoll", since=since)
            assert [row["id"] for row in page["results"]] == [f"d{number}"]
            since = page["last_seq"]
        cancelled = await server.service.replicate({"cancel": True, "id": started["_local_id"]}, ADMIN)
        assert cancelled[0] == 200
        for name in "ab":
            rows = (await server.send("GET", name, "_local_docs", include_docs="true"))["rows"]
            assert [row["doc"]["history"][0]["docs_written"] for row in rows] == [3]

    server(test)


@pytest.mark.skipif("SURVEY_COUCHDB_URL" not in os.environ, reason="the node has no attachments yet")
def test_attachments_travel_with_their_documents(server):
    async def test(server):
        data = base64.b64encode(b"telegram").decode()
        body = {"_attachments": {"a.bin": {"content_type": "application/octet-stream", "data": data}}}
        await server.send("PUT", "a", "x", body)
        await server.send("PUT", "a", "y", {})
        assert (await server.replicate())["history"][0]["docs_written"] == 2
        document = await server.send("GET", "b", "x", attachments="true")
        assert document["_attachments"]["a.bin"]["data"] == data
        assert await server.feed("b") == await server.feed("a")

    server(test)
