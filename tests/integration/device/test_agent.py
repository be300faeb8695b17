"""The whole agent, its threads and a network that goes away: a slot takes half a second here."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from couch.client import Database
from couch.clock import SLOT, Clock
from couch.documents import ConsentState
from edge.agent import Agent
from edge.clock_state import ClockWitness
from edge.settings import CycleSettings
from provisioning.demo.link import Link

WITHIN_S = 60
SLOT_S = 0.5


class Running:
    """An agent over `link`, in threads of this process."""

    def __init__(self, site: Any, start: Any) -> None:
        address = urlsplit(site.settings.local.url)
        self.link = Link((address.hostname or "127.0.0.1", address.port or 5984))
        site = site.with_centre(self.link.url)
        self.settings = msgspec.structs.replace(
            site.settings, cycle=CycleSettings(pull_timeout_s=SLOT_S / 2, head_timeout_s=SLOT_S)
        )
        speed = SLOT.total_seconds() / SLOT_S
        self.clock = Clock(start.timestamp(), time.time(), speed)
        self.stop = threading.Event()
        self.agent = Agent(
            self.settings, clock=self.clock, witness=ClockWitness(virtual=True), stop=self.stop
        )
        self.thread = threading.Thread(target=self.agent.run)
        self.thread.start()

    def close(self) -> None:
        self.stop.set()
        self.thread.join(WITHIN_S)
        self.link.close()
        assert not self.thread.is_alive()


@pytest.fixture
def run(site: Any) -> Iterator[Callable[[], Running]]:
    made: list[Running] = []

    def start() -> Running:
        made.append(Running(site, site.clock.now()))
        return made[-1]

    yield start
    for running in made:
        running.close()


def await_ids(database: Database, enough: Callable[[set[str]], bool]) -> set[str]:
    """Follow the database until the ids in it are enough."""
    over, seen = threading.Event(), set[str]()
    timer = threading.Timer(WITHIN_S, over.set)
    timer.start()
    try:
        for batch in database.follow("0", stop=over, include_docs=False):
            seen |= {change.id for change in batch.changes}
            if enough(seen):
                return seen
    finally:
        timer.cancel()
        over.set()
    raise AssertionError(f"not within {WITHIN_S} s: {sorted(seen)}")


def measurements(ids: set[str]) -> set[str]:
    return {doc_id for doc_id in ids if doc_id.startswith("measurement:")}


def test_a_device_measures_survives_an_outage_and_stops_at_a_revocation(
    site: Any, run: Callable[[], Running]
) -> None:
    running = run()
    await_ids(site.centre, lambda ids: f"heartbeat:{site.settings.device}" in ids)
    assert measurements({doc_id for doc_id, _ in site.replica.rows()}) == set()

    site.consent("granted", at=running.clock.now())
    await_ids(site.centre, lambda ids: "consent:granted" in ids)
    site.worker_raises(ConsentState.GRANTED)
    await_ids(site.centre, lambda ids: len(measurements(ids)) >= 3)

    running.link.cut()
    here = len(measurements({doc_id for doc_id, _ in site.replica.rows()}))
    taken = measurements(await_ids(site.replica, lambda ids: len(measurements(ids)) >= here + 4))
    assert running.agent.vitals.errors()
    running.link.restore()
    await_ids(site.centre, lambda ids: taken <= ids)

    site.consent("revoked", site.researcher(), at=running.clock.now())
    await_ids(site.replica, lambda ids: "consent:revoked" in ids)
    running.close()
    stored, covered = site.slots(site.replica), site.slots_in_gaps()
    assert sorted([*stored, *(number for number in covered if number < stored[-1])]) == list(
        range(min([*stored, *covered]), stored[-1] + 1)
    )
    assert set(site.slots(site.centre)) <= set(stored)


def test_an_agent_outlives_a_failing_part(site: Any, run: Callable[[], Running]) -> None:
    """The centre has taken the device's roles away: measuring goes on, the trouble is shown."""
    users = site.server.database("_users")
    name = f"org.couchdb.user:{site.settings.centre.user}"
    stored = users.get(name)
    site.consent("granted")
    try:
        users.put({**stored, "roles": []})
        running = run()
        await_ids(site.replica, lambda ids: len(measurements(ids)) >= 2)
        assert any(error.startswith("pull") for error in running.agent.vitals.errors())
    finally:
        users.replace(name, lambda doc: {**doc, "roles": stored["roles"]})
