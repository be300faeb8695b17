"""The addresses of views, over a small application: what the recorded conversations do not show."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from couch.node.keys import DATABASE, VIEWS
from couch.node.middleware import errors_in_shape
from couch.node.views.http import routes
from couch.node.views.service import ViewService

VIEW = "/db/_design/d/_view/v"
DESIGN = {
    "_id": "_design/d",
    "views": {
        "v": {"map": "function (doc) { emit(doc._id, doc.text); }"},
        "count": {"map": "function (doc) { emit(doc._id); }", "reduce": "_count"},
    },
}


@pytest.fixture
def over_http(fake_source: Any, engine: Any) -> Callable[[Callable[[TestClient], Awaitable[Any]]], Any]:
    """Runs some work with a client of an application that has nothing but views."""

    @web.middleware
    async def with_database(request: web.Request, handler: Any) -> web.StreamResponse:
        request[DATABASE] = fake_source
        return await handler(request)

    def run(work: Callable[[TestClient], Awaitable[Any]]) -> Any:
        async def whole() -> Any:
            app = web.Application(middlewares=[errors_in_shape, with_database])
            service = app[VIEWS] = ViewService(engine)
            app.add_routes(routes())
            async with TestClient(TestServer(app)) as client:
                found = await work(client)
            await service.close()
            return found

        return asyncio.run(whole())

    fake_source.put(DESIGN)
    return run


def test_a_long_answer_is_streamed_and_whole(fake_source: Any, over_http: Any) -> None:
    for number in range(300):
        fake_source.put({"_id": f"a{number:03}", "text": "x" * 1000})

    async def work(client: TestClient) -> tuple[str | None, dict]:
        answer = await client.get(VIEW)
        return answer.headers.get("Transfer-Encoding"), await answer.json()

    encoding, body = over_http(work)
    assert encoding == "chunked"
    assert [row["id"] for row in body["rows"]] == [f"a{number:03}" for number in range(300)]


def test_a_short_answer_says_its_length_and_ends_with_a_newline(over_http: Any) -> None:
    async def work(client: TestClient) -> tuple[str | None, bytes]:
        answer = await client.get(VIEW)
        return answer.headers.get("Content-Length"), await answer.read()

    length, body = over_http(work)
    assert body == b'{"total_rows":0,"offset":0,"rows":[\r\n\r\n]}\n'
    assert length == str(len(body))


def test_a_client_that_goes_away_leaves_the_index_to_others(fake_source: Any, over_http: Any) -> None:
    for number in range(2000):
        fake_source.put({"_id": f"a{number:04}", "text": "x" * 2000})

    async def work(client: TestClient) -> int:
        async with client.get(VIEW) as answer:
            await answer.content.readany()
            answer.close()
        return len((await (await client.get(f"{VIEW}?limit=3")).json())["rows"])

    assert over_http(work) == 3


def test_several_queries_answer_from_one_state(fake_source: Any, over_http: Any) -> None:
    fake_source.put({"_id": "a", "text": "x"})

    async def work(client: TestClient) -> dict:
        body = {"queries": [{}, {"reduce": False, "limit": 0}, {"group": True}]}
        return await (await client.post("/db/_design/d/_view/count/queries", json=body)).json()

    first, second, third = over_http(work)["results"]
    assert first == {"rows": [{"key": None, "value": 1}]}
    assert second == {"total_rows": 1, "offset": 0, "rows": []}
    assert third == {"rows": [{"key": "a", "value": 1}]}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason"),
    [
        ("POST", VIEW, [], 400, "Request body must be a JSON object"),
        ("POST", VIEW, {"keys": 5}, 400, "`keys` member must be an array."),
        ("POST", VIEW, {"limit": "2"}, 400, 'Invalid value for integer: "2"'),
        (
            "POST",
            VIEW,
            {"queries": []},
            400,
            "The `queries` parameter is no longer supported at this endpoint",
        ),
        ("POST", f"{VIEW}/queries", {}, 400, "POST body must include `queries` parameter."),
        ("POST", f"{VIEW}/queries", {"queries": 5}, 400, "`queries` member must be an array."),
        ("POST", f"{VIEW}/queries", {"queries": [5]}, 400, "`queries` must be an array of objects."),
        ("PUT", VIEW, {}, 405, "Only GET,POST,HEAD allowed"),
        ("GET", f"{VIEW}/below", None, 405, "Only GET,POST,HEAD allowed"),
        ("GET", "/db/_view_cleanup", None, 405, "Only POST allowed"),
        ("POST", "/db/_compact/none", {}, 404, "missing"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_couchdbs_words(
    over_http: Any, method: str, path: str, body: Any, *, status: int, reason: str
) -> None:
    async def work(client: TestClient) -> tuple[int, str]:
        answer = await client.request(method, path, json=body)
        return answer.status, (await answer.json())["reason"]

    assert over_http(work) == (status, reason)


def test_information_upkeep_and_heads_are_answered(over_http: Any) -> None:
    async def work(client: TestClient) -> list[int]:
        answers = [
            await client.get("/db/_design/d/_info"),
            await client.post("/db/_view_cleanup", json={}),
            await client.post("/db/_compact/d", json={}),
            await client.head(VIEW),
        ]
        return [answer.status for answer in answers]

    assert over_http(work) == [200, 202, 202, 200]
