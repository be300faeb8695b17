"""A whole node in this process: over HTTP what the recorded conversations do not ask."""

import asyncio
import base64
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from couch.errors import Fault
from couch.node.service import start_node
from couch.node.settings import NodeSettings
from couch.secret import Secret

ADMIN = {"Authorization": "Basic " + base64.b64encode(b"admin:pw").decode()}
Steps = Callable[["Client"], Awaitable[None]]


class Client:
    """The administrator at a node."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url, self.session = url, session

    async def send(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        async with self.session.request(method, self.url + path, json=body, **options) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None


def settings(folder: Path, **given: Any) -> NodeSettings:
    chosen = {"admin_password": Secret("pw"), "port": 0, "password_iterations": 1000, **given}
    return NodeSettings(data=str(folder), **chosen)


def with_node(folder: Path, steps: Steps, **given: Any) -> None:
    async def run() -> None:
        node = await start_node(settings(folder, **given))
        try:
            async with aiohttp.ClientSession(headers=ADMIN) as session:
                await steps(Client(node.url, session))
        finally:
            await node.close()

    asyncio.run(run())


def fault(folder: Path, **given: Any) -> str:
    with pytest.raises(Fault) as caught:
        with_node(folder, lambda client: asyncio.sleep(0), **given)
    return str(caught.value)


def test_without_an_administrator_it_refuses_to_start(tmp_path: Path) -> None:
    assert "SURVEY_ADMIN_PASSWORD" in fault(tmp_path, admin_password=Secret(""))


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port}: address already in use" in fault(tmp_path, port=port)


def test_a_folder_that_another_node_has_is_refused(tmp_path: Path) -> None:
    async def steps(client: Client) -> None:
        with pytest.raises(Fault, match="occupied: another node is running on it"):
            await start_node(settings(tmp_path))

    with_node(tmp_path, steps)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be used: not a directory" in fault(tmp_path / "file" / "data")


def test_a_key_that_is_not_base64_is_refused(tmp_path: Path) -> None:
    message = fault(tmp_path, jwt_key=Secret("!!!"))
    assert "not base64" in message
    assert "!!!" not in message


def test_documents_and_identity_outlive_a_restart(tmp_path: Path) -> None:
    uuids: list[str] = []

    async def write(client: Client) -> None:
        uuids.append((await client.send("GET", "/"))[1]["uuid"])
        assert (await client.send("PUT", "/d"))[0] == 201
        assert (await client.send("PUT", "/d/a", {"x": 1}))[0] == 201

    async def read(client: Client) -> None:
        uuids.append((await client.send("GET", "/"))[1]["uuid"])
        assert (await client.send("GET", "/d/a"))[1]["x"] == 1

    with_node(tmp_path, write)
    with_node(tmp_path, read)
    assert uuids[0] == uuids[1]


def test_what_is_not_there_answers_501_never_a_wrong_200(tmp_path: Path) -> None:
    async def steps(client: Client) -> None:
        await client.send("PUT", "/d")
        await client.send("PUT", "/d/_design/x", {})
        for method, path in (
            ("POST", "/d/_find"),
            ("GET", "/d/_index"),
            ("PUT", "/d/a/attachment.txt"),
            ("GET", "/d/_shards"),
            ("GET", "/d/_design/x/_show/y"),
            ("GET", "/_node/_local/_config"),
            ("PUT", "/e?partitioned=true"),
        ):
            status, body = await client.send(method, path, {} if method != "GET" else None)
            assert (path, status, body["error"]) == (path, 501, "not_implemented")
        inline = {"_attachments": {"t": {"data": "eA=="}}}
        for method, path, sent in (
            ("PUT", "/d/a", inline),
            ("POST", "/d/_bulk_docs", {"docs": [{"_id": "b"}, {"_id": "a", **inline}]}),
        ):
            assert (await client.send(method, path, sent))[0] == 501
        assert (await client.send("GET", "/d"))[1]["doc_count"] == 1

    with_node(tmp_path, steps)


def test_a_longpoll_wakes_when_something_is_written(tmp_path: Path) -> None:
    async def steps(client: Client) -> None:
        await client.send("PUT", "/d")
        waiting = asyncio.ensure_future(client.send("GET", "/d/_changes?feed=longpoll&since=now"))
        updates = asyncio.ensure_future(client.send("GET", "/_db_updates?feed=longpoll&since=now"))
        await asyncio.wait({waiting}, timeout=0.2)
        assert not waiting.done()
        await client.send("PUT", "/d/a", {})
        _, body = await asyncio.wait_for(waiting, 10)
        assert [row["id"] for row in body["results"]] == ["a"]
        _, body = await asyncio.wait_for(updates, 10)
        assert body["results"][0]["db_name"] == "d"

    with_node(tmp_path, steps)


def test_a_continuous_feed_beats_sends_and_ends_with_its_database(tmp_path: Path) -> None:
    async def steps(client: Client) -> None:
        await client.send("PUT", "/d")
        address = f"{client.url}/d/_changes?feed=continuous&heartbeat=50"
        async with client.session.get(address) as response:
            lines = response.content
            assert await asyncio.wait_for(lines.readline(), 10) == b"\n"
            await client.send("PUT", "/d/a", {})
            while (line := await asyncio.wait_for(lines.readline(), 10)) == b"\n":
                pass
            assert json.loads(line)["id"] == "a"
            await client.send("DELETE", "/d")
            rest = await asyncio.wait_for(lines.read(), 10)
            assert "last_seq" in json.loads(rest.split()[-1])

    with_node(tmp_path, steps)


def test_feeds_end_when_the_node_stops(tmp_path: Path) -> None:
    async def run() -> None:
        node = await start_node(settings(tmp_path))
        async with aiohttp.ClientSession(headers=ADMIN) as session:
            client = Client(node.url, session)
            await client.send("PUT", "/d")
            async with session.get(f"{node.url}/d/_changes?feed=continuous&heartbeat=60000") as response:
                await asyncio.wait_for(node.close(), 10)
                assert b"last_seq" in await response.content.read()

    asyncio.run(run())


def test_an_old_sequence_of_a_database_made_anew_starts_from_the_beginning(tmp_path: Path) -> None:
    async def steps(client: Client) -> None:
        await client.send("PUT", "/d")
        for doc_id in "abc":
            await client.send("PUT", f"/d/{doc_id}", {})
        since = (await client.send("GET", "/d/_changes"))[1]["last_seq"]
        assert (await client.send("GET", f"/d/_changes?since={since}"))[1]["results"] == []
        await client.send("DELETE", "/d")
        await client.send("PUT", "/d")
        await client.send("PUT", "/d/x", {})
        rows = (await client.send("GET", f"/d/_changes?since={since}"))[1]["results"]
        assert [row["id"] for row in rows] == ["x"]

    with_node(tmp_path, steps)


def test_long_listings_and_feeds_come_whole(tmp_path: Path) -> None:
    async def steps(client: Client) -> None:
        await client.send("PUT", "/d")
        docs = [{"_id": f"{n:05}", "text": "x" * 100} for n in range(2500)]
        await client.send("POST", "/d/_bulk_docs", {"docs": docs})
        _, listing = await client.send("GET", "/d/_all_docs?include_docs=true")
        assert [row["doc"]["_id"] for row in listing["rows"]] == [doc["_id"] for doc in docs]
        _, page = await client.send("GET", '/d/_all_docs?startkey="01000"&limit=700&skip=10')
        assert (page["offset"], len(page["rows"]), page["rows"][0]["id"]) == (1010, 700, "01010")
        _, feed = await client.send("GET", "/d/_changes")
        assert len(feed["results"]) == 2500
        _, some = await client.send("GET", "/d/_changes?limit=1200&include_docs=true")
        assert (len(some["results"]), some["pending"]) == (1200, 1300)

    with_node(tmp_path, steps)


def test_changes_of_named_documents_are_read_past_all_others(tmp_path: Path) -> None:
    async def steps(client: Client) -> None:
        await client.send("PUT", "/d")
        docs = [{"_id": f"{n:05}"} for n in range(1500)]
        await client.send("POST", "/d/_bulk_docs", {"docs": docs})
        body = {"doc_ids": ["00003", "01400", "none"]}
        _, answer = await client.send("POST", "/d/_changes?filter=_doc_ids", body)
        assert [row["id"] for row in answer["results"]] == ["00003", "01400"]
        _, newest = await client.send("GET", "/d/_changes?since=now")
        assert answer["last_seq"] == newest["last_seq"]

    with_node(tmp_path, steps)


def test_a_changed_password_ends_the_old_one_and_its_sessions(tmp_path: Path) -> None:
    async def steps(client: Client) -> None:
        account = {"name": "u", "type": "user", "roles": ["r"], "password": "old"}
        _, made = await client.send("PUT", "/_users/org.couchdb.user:u", account)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            user = Client(client.url, session)
            assert (await user.send("POST", "/_session", {"name": "u", "password": "old"}))[0] == 200
            assert (await user.send("GET", "/_session"))[1]["userCtx"] == {"name": "u", "roles": ["r"]}
            changed = {**account, "password": "new", "_rev": made["rev"]}
            assert (await client.send("PUT", "/_users/org.couchdb.user:u", changed))[0] == 201
            assert (await user.send("GET", "/_session"))[1]["userCtx"]["name"] is None
            assert (await user.send("POST", "/_session", {"name": "u", "password": "old"}))[0] == 401
            assert (await user.send("POST", "/_session", {"name": "u", "password": "new"}))[0] == 200

    with_node(tmp_path, steps)


def test_after_security_says_so_no_write_is_judged_by_the_old_one(tmp_path: Path) -> None:
    rule = "function(n, o, u, s) { if (s.state !== 'open') throw({forbidden: 'closed'}); }"

    async def steps(client: Client) -> None:
        await client.send("PUT", "/d")
        await client.send("PUT", "/d/_security", {"state": "open"})
        await client.send("PUT", "/d/_design/v", {"validate_doc_update": rule})

        async def write(number: int) -> bool:
            return (await client.send("PUT", f"/d/{number}", {}))[0] == 201

        writes = [asyncio.ensure_future(write(number)) for number in range(20)]
        await client.send("PUT", "/d/_security", {"state": "shut"})
        before = (await client.send("GET", "/d"))[1]["doc_count"]
        await asyncio.gather(*writes)
        assert (await client.send("GET", "/d"))[1]["doc_count"] == before

    with_node(tmp_path, steps)


def test_a_copy_has_the_content_and_a_revision_of_its_own(tmp_path: Path) -> None:
    async def steps(client: Client) -> None:
        await client.send("PUT", "/d")
        await client.send("PUT", "/d/a", {"x": 1})
        status, _ = await client.send("COPY", "/d/a", headers={"Destination": "b"})
        assert status == 201
        assert (await client.send("GET", "/d/b"))[1]["x"] == 1

    with_node(tmp_path, steps)


def test_the_node_lets_itself_in_from_loopback_with_its_own_token_alone(tmp_path: Path) -> None:
    async def steps(client: Client) -> None:
        headers = {"Authorization": "Node wrong W251bGwsWyJfYWRtaW4iXV0="}
        async with aiohttp.ClientSession() as session:
            outsider = Client(client.url, session)
            assert (await outsider.send("GET", "/_all_dbs", headers=headers))[0] == 401

    with_node(tmp_path, steps)
