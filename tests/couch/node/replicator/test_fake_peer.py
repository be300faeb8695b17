"""The contract that the fake peer and a real server both keep: what the replicator relies on."""

import asyncio
import base64
import uuid

import aiohttp
import pytest

ROOT, LEAF, OTHER = "1-" + "a" * 32, "2-" + "b" * 32, "2-" + "c" * 32
DOCS = [
    {"_id": "x", "_rev": LEAF, "_revisions": {"start": 2, "ids": ["b" * 32, "a" * 32]}, "n": 1},
    {"_id": "x", "_rev": OTHER, "_revisions": {"start": 2, "ids": ["c" * 32, "a" * 32]}, "n": 2},
    {"_id": "y", "_rev": ROOT, "_revisions": {"start": 1, "ids": ["a" * 32]}, "_deleted": True},
]


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.slow)])
def on_server(request, bench):
    """Runs an asynchronous test with a function that sends requests to a fresh database."""

    def run(test):
        if request.param == "fake":

            async def with_fake(bench):
                await _converse(test, bench.couch.url, None)

            bench(with_fake)
        else:
            admin = request.getfixturevalue("couch_admin")
            credentials = f"{admin.user}:{admin.password.reveal()}"
            asyncio.run(_converse(test, admin.url, credentials))

    return run


async def _converse(test, url, credentials):
    name = f"peer-{uuid.uuid4().hex}"
    headers = {"Accept": "application/json"}
    if credentials is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(credentials.encode()).decode()
    async with aiohttp.ClientSession(headers=headers) as http:

        async def send(method, path, body=None, **params):
            async with http.request(method, f"{url}/{name}/{path}", json=body, params=params) as answer:
                return answer.status, await answer.json(content_type=None)

        try:
            await test(send)
        finally:
            if credentials is not None:
                await send("DELETE", "")


async def _filled(send):
    assert (await send("PUT", ""))[0] == 201
    status, rows = await send("POST", "_bulk_docs", {"new_edits": False, "docs": DOCS})
    assert (status, rows) == (201, [])


def test_a_database_tells_of_itself_and_is_made_once(on_server):
    async def test(send):
        assert (await send("GET", ""))[0] == 404
        assert (await send("PUT", ""))[0] == 201
        assert (await send("PUT", ""))[0] == 412
        status, info = await send("GET", "")
        assert status == 200
        assert {"update_seq", "instance_start_time"} <= info.keys()

    on_server(test)


def test_stored_revisions_are_told_missing_no_more(on_server):
    async def test(send):
        await _filled(send)
        wanted = {"x": [LEAF, "3-" + "d" * 32], "y": [ROOT], "z": [ROOT]}
        status, lacking = await send("POST", "_revs_diff", wanted)
        assert status == 200
        told = {doc_id: told["missing"] for doc_id, told in lacking.items()}
        assert told == {"x": ["3-" + "d" * 32], "z": [ROOT]}

    on_server(test)


def test_the_feed_lists_all_leaves_and_pages(on_server):
    async def test(send):
        await _filled(send)
        status, page = await send("GET", "_changes", style="all_docs", limit="1", since="0")
        assert (status, page["pending"], len(page["results"])) == (200, 1, 1)
        _, rest = await send("GET", "_changes", style="all_docs", limit="9", since=page["last_seq"])
        rows = {row["id"]: row for row in page["results"] + rest["results"]}
        assert rows.keys() == {"x", "y"}
        assert sorted(leaf["rev"] for leaf in rows["x"]["changes"]) == [LEAF, OTHER]
        assert rows["y"]["deleted"] is True
        _, end = await send("GET", "_changes", since=rest["last_seq"])
        assert (end["results"], end["pending"]) == ([], 0)

    on_server(test)


def test_the_main_style_lists_the_winner(on_server):
    async def test(send):
        await _filled(send)
        _, page = await send("GET", "_changes", style="main_only")
        assert {row["id"]: row["changes"] for row in page["results"]}["x"] == [{"rev": OTHER}]

    on_server(test)


@pytest.mark.parametrize(
    ("name", "body"), [("_doc_ids", {"doc_ids": ["x", "z"]}), ("_selector", {"selector": {"n": 2}})]
)
def test_a_filtered_feed_ends_behind_what_it_passed(on_server, name, body):
    async def test(send):
        await _filled(send)
        _, page = await send("POST", "_changes", body, filter=name, limit="5")
        assert [row["id"] for row in page["results"]] == ["x"]
        _, end = await send("GET", "_changes", since=page["last_seq"])
        assert end["results"] == []

    on_server(test)


def test_revisions_are_read_with_their_ancestry(on_server):
    async def test(send):
        await _filled(send)
        wanted = [{"id": "x", "rev": LEAF}, {"id": "z", "rev": ROOT}]
        status, answer = await send("POST", "_bulk_get", {"docs": wanted}, revs="true", latest="true")
        assert status == 200
        found, missing = (row["docs"][0] for row in answer["results"])
        assert found["ok"] == DOCS[0]
        assert missing["error"]["error"] == "not_found"
        status, alone = await send("GET", "x", open_revs=f'["{LEAF}"]', revs="true", latest="true")
        assert (status, alone) == (200, [{"ok": DOCS[0]}])

    on_server(test)


def test_a_checkpoint_is_counted_on_from_the_given_revision(on_server):
    async def test(send):
        await _filled(send)
        assert (await send("GET", "_local/log"))[0] == 404
        status, written = await send("PUT", "_local/log", {"session_id": "1"})
        assert (status, written["rev"]) == (201, "0-1")
        status, written = await send("PUT", "_local/log", {"session_id": "2", "_rev": "0-1"})
        assert (status, written["rev"]) == (201, "0-2")
        _, log = await send("GET", "_local/log")
        assert log == {"_id": "_local/log", "_rev": "0-2", "session_id": "2"}

    on_server(test)
