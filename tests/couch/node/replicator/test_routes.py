"""`/_replicate` and `/_scheduler` as clients see them."""

import contextlib

import aiohttp
import pytest
from aiohttp import web

from couch.node.answers import HttpError, error_answer
from couch.node.keys import USER
from couch.node.replicator.routes import routes
from couch.node.user import UserCtx

# the node keeps the caller under a plain name
pytestmark = pytest.mark.filterwarnings("ignore:It is recommended to use web.RequestKey")
PEOPLE = {"admin": UserCtx("admin", ("_admin",)), "ann": UserCtx("ann"), "": UserCtx()}


@contextlib.asynccontextmanager
async def front(bench):
    """A function that sends a request to the replicator's routes as one of PEOPLE."""

    @web.middleware
    async def known(request, handler):
        request[USER] = PEOPLE[request.headers.get("X-Person", "")]
        try:
            return await handler(request)
        except HttpError as err:
            return error_answer(err)

    app = web.Application(middlewares=[known])
    app.add_routes(routes(bench.service))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def send(person, method, path, body=None, text=None):
        headers = {"X-Person": person, "Content-Type": "application/json"}
        async with http.request(method, url + path, json=body, data=text, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async with aiohttp.ClientSession() as http:
        try:
            yield send
        finally:
            await runner.cleanup()


def test_a_one_shot_answers_its_history(bench):
    async def test(bench):
        bench.couch.create("a", "b")[0].put("x")
        async with front(bench) as send:
            status, answer = await send("ann", "POST", "/_replicate", bench.body())
            assert (status, answer["ok"], answer["history"][0]["docs_written"]) == (200, True, 1)

    bench(test)


def test_what_cannot_be_asked_is_told(bench):
    async def test(bench):
        async with front(bench) as send:
            asked = [
                await send("", "POST", "/_replicate", bench.body()),
                await send("ann", "POST", "/_replicate", text="{"),
                await send("ann", "POST", "/_replicate", text=""),
                await send("ann", "POST", "/_replicate", []),
                await send("ann", "POST", "/_replicate", {}),
                await send("ann", "POST", "/_replicate", {"cancel": True, "id": "none"}),
            ]
        assert [(status, answer["error"]) for status, answer in asked] == [
            (401, "unauthorized"),
            (400, "bad_request"),
            (400, "bad_request"),
            (400, "bad_request"),
            (500, "error"),
            (404, "not_found"),
        ]

    bench(test)


def test_jobs_are_listed_for_administrators_alone(bench):
    async def test(bench):
        bench.couch.create("a", "b")
        async with front(bench) as send:
            _, started = await send("ann", "POST", "/_replicate", bench.body(continuous=True))
            await bench.until(lambda: bench.service.active_tasks() != [])
            status, listed = await send("admin", "GET", "/_scheduler/jobs")
            assert (status, listed["total_rows"]) == (200, 1)
            (job,) = listed["jobs"]
            assert (job["id"], job["user"], job["database"]) == (started["_local_id"], "ann", None)
            assert (await send("admin", "GET", f"/_scheduler/jobs/{job['id']}"))[1]["id"] == job["id"]
            assert (await send("admin", "GET", "/_scheduler/jobs?limit=0"))[1]["jobs"] == []
            assert (await send("admin", "GET", "/_scheduler/jobs?limit=x"))[0] == 400
            assert (await send("admin", "GET", "/_scheduler/jobs/none"))[0] == 404
            assert (await send("ann", "GET", "/_scheduler/jobs"))[0] == 401

    bench(test)


def test_documents_are_listed_with_their_states(bench):
    async def test(bench):
        bench.couch.create("a", "b", "_replicator")
        database = bench.couch.databases["_replicator"]
        database.put("_design/d", views={})
        database.put("done", **bench.body(doc_ids=["x"]))
        database.put("runs", **bench.body(continuous=True))
        await bench.service.start()
        await bench.until(lambda: "_replication_state" in database.document("done", database.winner("done")))
        await bench.until(lambda: bench.service.active_tasks() != [])
        await bench.until(lambda: bench.service.documents.wanted("done") is None)
        async with front(bench) as send:
            _, listed = await send("admin", "GET", "/_scheduler/docs")
            states = {row["doc_id"]: row["state"] for row in listed["docs"]}
            assert (listed["total_rows"], states) == (2, {"done": "completed", "runs": "running"})
            _, some = await send("admin", "GET", "/_scheduler/docs/_replicator?states=completed")
            assert [row["doc_id"] for row in some["docs"]] == ["done"]
            _, page = await send("admin", "GET", "/_scheduler/docs?skip=1&limit=1")
            assert [row["doc_id"] for row in page["docs"]] == ["runs"]
            assert (await send("admin", "GET", "/_scheduler/docs/_replicator/runs"))[1]["state"] == "running"
            assert (await send("admin", "GET", "/_scheduler/docs/_replicator/none"))[0] == 404
            assert (await send("admin", "GET", "/_scheduler/docs/other"))[0] == 400
            assert (await send("admin", "GET", "/_scheduler/docs?states=odd"))[0] == 400
            assert (await send("admin", "GET", "/_scheduler/odd"))[1] == {"error": "not found"}
            assert (await send("admin", "POST", "/_scheduler"))[0] == 405

    bench(test)
