"""The whole agent when its household is erased, behind a door that judges as the gateway does."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from couch.clock import SLOT, Clock
from couch.documents import ConsentState
from couch.erasure_marker import read_marker
from couch.settings import Secret
from edge import heartbeat
from edge.agent import Agent
from edge.clock_state import ClockWitness
from edge.settings import CycleSettings

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from erasure_world import Door, confirmed_at_centre, erase_at_centre, register

WITHIN_S = 60
SLOT_S = 0.5


@pytest.fixture
def door(site: Any) -> Iterator[Door]:
    made = Door(site)
    yield made
    made.close()


@pytest.fixture
def run(site: Any, door: Door, tmp_path: Path) -> Iterator[Callable[[], Agent]]:
    """Start the device's agent, again and again: each is a new process's."""
    stops: list[tuple[threading.Event, threading.Thread]] = []
    started = time.time()

    def start() -> Agent:
        for stop, thread in stops:
            stop.set()
            thread.join(WITHIN_S)
        # Who the device is the door says, as over TLS.
        centre = msgspec.structs.replace(site.settings.centre, url=door.url, user=None, password=Secret(""))
        settings = msgspec.structs.replace(
            site.settings,
            centre=centre,
            cycle=CycleSettings(pull_timeout_s=SLOT_S / 2, head_timeout_s=SLOT_S),
            erasure_file=tmp_path / "erasure.json",
        )
        clock = Clock(site.clock.now().timestamp(), started, SLOT.total_seconds() / SLOT_S)
        stop = threading.Event()
        agent = Agent(settings, clock=clock, witness=ClockWitness(virtual=True), stop=stop)
        thread = threading.Thread(target=agent.run)
        stops.append((stop, thread))
        thread.start()
        return agent

    yield start
    for stop, thread in stops:
        stop.set()
        thread.join(WITHIN_S)
        assert not thread.is_alive()


def until(condition: Callable[[], Any]) -> Any:
    """What `condition` gives once it is true; asked again after a moment, with a deadline."""
    ends, moment = time.monotonic() + WITHIN_S, threading.Event()
    while not (found := condition()):
        assert time.monotonic() < ends
        moment.wait(0.05)
    return found


def test_an_agent_told_of_the_erasure_makes_two_requests_and_no_other(
    site: Any, door: Door, run: Callable[[], Agent], tmp_path: Path
) -> None:
    register(site)
    site.consent("granted")
    site.worker_raises(ConsentState.GRANTED)
    agent = run()
    until(lambda: len(site.slots(site.centre)) >= 2)
    erase_at_centre(site)
    told = until(lambda: confirmed_at_centre(site))
    until(lambda: _is_confirmed(tmp_path))
    after = {(method, path) for method, path, status in door.while_erased if status < 400}
    database = f"/{site.centre.name}"
    assert after == {("GET", f"{database}/_security"), ("PUT", f"{database}/erased:{told.device}")}
    assert site.replica.find("registration") is None
    assert until(lambda: heartbeat.last_kept(site.agent)).erased
    assert agent.vitals.errors() == ()

    said = len(door.asked)
    changes = site.replica.info()["update_seq"]
    run()  # after a restart it neither measures nor asks
    assert not until_asked(door, said, within_s=6 * SLOT_S)
    assert site.replica.info()["update_seq"] == changes


def test_an_agent_confirms_once_the_centre_is_back(
    site: Any, door: Door, run: Callable[[], Agent], tmp_path: Path
) -> None:
    site.consent("granted")
    site.worker_raises(ConsentState.GRANTED)
    run()
    until(lambda: site.slots(site.centre))
    erase_at_centre(site)
    until(lambda: read_marker(tmp_path / "erasure.json"))
    door.answer = 503
    known = len(door.asked)
    run()
    door.wait_for(lambda asked: len(asked) >= known + 2)
    assert confirmed_at_centre(site) is None or _is_confirmed(tmp_path)
    door.answer = None
    until(lambda: confirmed_at_centre(site))
    until(lambda: _is_confirmed(tmp_path))


def until_asked(door: Door, known: int, *, within_s: float) -> bool:
    """Whether the door is asked anything more in that time."""
    with door._changed:
        return door._changed.wait_for(lambda: len(door.asked) > known, within_s)


def _is_confirmed(folder: Path) -> bool:
    marker = read_marker(folder / "erasure.json")
    return marker is not None and marker.confirmed_at is not None
