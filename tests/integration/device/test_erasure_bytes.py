"""No byte of who lives there is left in the files of a device's engine, and each was there before.

On the embedded node, and on the CouchDB of SURVEY_COUCHDB_URL where SURVEY_COUCHDB_DATA names its data folder
(with `file_compression = none`, else the search before finds nothing and this fails).
"""

import asyncio
import os
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from couch.client import Server
from couch.documents import ConsentState
from couch.node.service import start_node
from couch.node.settings import NodeSettings
from couch.secret import Secret
from couch.settings import Account
from edge import replica
from edge.heartbeat import Vitals
from edge.links import Links
from edge.transmission import TransmissionSession

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from erasure_world import (
    EMAIL,
    NAME,
    STRINGS,
    confirmed_at_centre,
    erase_at_centre,
    farewell,
    register,
    registration,
)

WITHIN_S = 30.0
PASSWORD = "pw"


@contextmanager
def embedded(folder: Path) -> Iterator[str]:
    """A node of its own for the device, in a thread; its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def do(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(WITHIN_S)

    settings = NodeSettings(
        admin_password=Secret(PASSWORD), data=str(folder), port=0, password_iterations=1000, js_workers=1
    )
    node = do(start_node(settings))
    try:
        yield node.url
    finally:
        do(node.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WITHIN_S)
        loop.close()


@pytest.fixture(params=["embedded", "couchdb"])
def device(request: pytest.FixtureRequest, site: Any, tmp_path: Path) -> Iterator[tuple[Any, Path]]:
    """The device on an engine whose files can be read, the centre elsewhere; and the files' folder."""
    given = os.environ.get("SURVEY_COUCHDB_DATA")
    if request.param == "couchdb":
        if not given or "SURVEY_COUCHDB_URL" not in os.environ:
            pytest.skip("needs SURVEY_COUCHDB_URL, and its data folder in SURVEY_COUCHDB_DATA")
        # The engine under test is the device's; the centre is a node of this test's.
        with embedded(tmp_path / "centre") as url:
            yield _moved_centre(site, url, tmp_path), Path(given)
        return
    with embedded(tmp_path / "device") as url:
        yield _moved_device(site, url, tmp_path), tmp_path / "device"


def _moved_device(site: Any, url: str, folder: Path) -> Any:
    settings = site.settings
    local = msgspec.structs.replace(settings.local, url=url, admin=Account("admin", Secret(PASSWORD)))
    settings = msgspec.structs.replace(settings, local=local, erasure_file=folder / "erasure.json")
    return _moved(site, settings, site.server)


def _moved_centre(site: Any, url: str, folder: Path) -> Any:
    server = Server(url, user="admin", password=PASSWORD)
    centre = msgspec.structs.replace(site.settings.centre, url=url)
    users = site.server.database("_users")
    for user, password in (
        (str(centre.user), centre.password),
        (site.researcher_account.user, site.researcher_account.password),
    ):
        roles = users.get(f"org.couchdb.user:{user}")["roles"]
        server.put_user(user, password.reveal(), roles)
    settings = msgspec.structs.replace(site.settings, centre=centre, erasure_file=folder / "erasure.json")
    return _moved(site, settings, server)


def _moved(site: Any, settings: Any, server: Server) -> Any:
    """The device and its centre on two engines; `server` is the centre's."""
    replica.init(Links(settings))
    moved = replace(site, settings=settings, server=server)
    moved.replica = moved.links.administered()
    return moved


def found_in(folder: Path, words: tuple[str, ...]) -> dict[str, set[str]]:
    """In which files each word stands, in the encodings that JSON and SQLite use."""
    found: dict[str, set[str]] = {word: set() for word in words}
    for file in folder.rglob("*"):
        try:
            content = file.read_bytes() if file.is_file() else b""
        except FileNotFoundError:
            continue  # removed while we looked
        for word in words:
            forms = (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be"))
            if any(form in content for form in forms):
                found[word].add(str(file.relative_to(folder)))
    return found


def test_nothing_that_names_the_household_is_left_in_the_engines_files(device: tuple[Any, Path]) -> None:
    site, folder = device
    register(site)
    site.consent("granted")
    site.worker_raises(ConsentState.GRANTED)
    site.transmitter().pull()
    TransmissionSession(site.links, site.clock, Vitals()).transmit()
    pull = site.links.replica(site.settings.local.pull)
    # What a replica can hold besides: a conflict, an old body, a tombstone, a `_local` document, a view.
    pull.bulk([{**registration(" sen."), "_rev": f"1-{uuid.uuid4().hex}"}], new_edits=False)
    stands = pull.get("location")
    rev = pull.put({**stands, "note": f"beside {NAME}"})
    pull.delete("location", rev)
    site.agent.put_local("heartbeat", {"errors": [f"{EMAIL} is not reachable"]})
    design = {"_id": "_design/names", "views": {"all": {"map": "function (d) { emit(d.contact, null); }"}}}
    site.replica.put(design)
    assert list(site.replica.view("names", "all", limit=1))
    jobs = site.links.local(site.settings.local.admin).database("_replicator")
    jobs.put(
        {
            "_id": f"of-{uuid.uuid4()}",
            "source": f"{site.settings.local.url}/{site.replica.name}",
            "target": f"http://127.0.0.1:9/{site.centre.name}",
            "continuous": True,
            "note": f"{NAME}, {STRINGS[2]}, {STRINGS[3]}",
        }
    )
    before = found_in(folder, STRINGS)
    assert all(before.values()), before

    erase_at_centre(site)
    started = time.monotonic()
    assert farewell(site).run(threading.Event())
    took_s = time.monotonic() - started
    assert confirmed_at_centre(site) is not None

    # CouchDB unlinks the files of a deleted database, and its views', in the background.
    ends = time.monotonic() + WITHIN_S
    while any((after := found_in(folder, STRINGS)).values()) and time.monotonic() < ends:
        threading.Event().wait(0.2)
    assert not any(after.values()), after
    print(f"{sum(map(len, before.values()))} finds before, none after, {took_s:.1f} s")
