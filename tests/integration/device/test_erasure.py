"""A device of an erased household: told, it erases, confirms, and brings nothing back (design 7)."""

import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from couch.bootstrap import security_consent, security_erased
from couch.clock import SLOT
from couch.documents import ConsentState
from couch.erasure_marker import read_local_marker, read_marker
from couch.errors import CouchError, Fault, NotFound, Refused, Unreachable
from couch.names import AGENT
from edge import heartbeat, replica
from edge.data_transmitter import HouseholdErased
from edge.erasure import Erasure
from edge.heartbeat import Vitals
from edge.transmission import TransmissionSession

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode finds no neighbours by itself
from erasure_world import (
    Door,
    confirmed_at_centre,
    erase_at_centre,
    farewell,
    measurement,
    register,
    registration,
    with_file,
)

GRANTED, REVOKED = ConsentState.GRANTED, ConsentState.REVOKED
NOWHERE = "http://127.0.0.1:9"  # the discard port: refused at once
DAYS, SLOTS_A_DAY = 90, 96


@pytest.fixture
def here(site: Any, tmp_path: Path) -> Any:
    """A device that takes part: registered, consent granted here and at the centre, three slots sent."""
    made = with_file(site, tmp_path)
    register(made)
    made.consent("granted")
    made.worker_raises(GRANTED)
    made.transmitter().pull()
    transmit(made)
    for number in (1, 2, 3):
        made.measure(made.aggregator(), number)
    transmit(made)
    assert made.slots(made.centre) == [1, 2, 3]
    return made


def transmit(site: Any) -> bool:
    return TransmissionSession(site.links, site.clock, Vitals()).transmit()


def erase(site: Any) -> None:
    assert farewell(site).run(threading.Event())


def is_empty(site: Any) -> bool:
    """Whether the replica holds nothing but rules and the mark, and lets nobody write."""
    changes = site.replica.changes(include_docs=False).changes
    return [change.id for change in changes] == ["_design/rules"] and security_erased(site.replica.security())


def test_an_erased_household_ends_pulling_and_pushing_before_anything_moves(here: Any) -> None:
    here.measure(here.aggregator(), 4)
    erase_at_centre(here)
    before = here.centre.info()["update_seq"]
    for work in (here.transmitter().pull, lambda: here.transmitter().push(GRANTED), lambda: transmit(here)):
        with pytest.raises(HouseholdErased):
            work()
    assert here.centre.info()["update_seq"] == before
    assert here.replica.find("registration") is not None


def test_the_device_erases_and_confirms_how_many_measurements_went_unsent(here: Any) -> None:
    for number in (4, 5):
        here.measure(here.aggregator(), number)
    erase_at_centre(here)
    erase(here)
    assert is_empty(here)
    told = confirmed_at_centre(here)
    assert told.unsent_measurements == 2
    marker = read_marker(here.settings.erasure_file)
    assert (marker.unsent_measurements, marker.erased_at) == (2, told.at)
    assert marker.confirmed_at is not None
    assert read_local_marker(here.page) == marker
    assert heartbeat.last_kept(here.agent).erased
    assert here.slots(here.centre) == []


def test_doing_it_again_changes_nothing(here: Any) -> None:
    erase_at_centre(here)
    erase(here)

    def stands() -> tuple[Any, ...]:
        marker, replica = read_marker(here.settings.erasure_file), here.replica.info()
        return confirmed_at_centre(here).rev, marker, replica["update_seq"], replica["instance_start_time"]

    first = stands()
    type(here.clock).at += timedelta(days=1)
    erase(here)
    assert stands() == first


@pytest.mark.parametrize("status", [404, 500, 502, 503, 403, 401])
def test_no_answer_of_a_broken_centre_is_taken_for_an_erasure(here: Any, status: int) -> None:
    door = Door(here)
    door.answer = status
    try:
        with pytest.raises(CouchError):
            here.with_centre(door.url).transmitter().pull()
        assert not transmit(here.with_centre(door.url))
    finally:
        door.close()
    assert Erasure(here.links, here.clock).marker() is None
    assert here.measure(here.aggregator(), 4).stored


def test_a_missing_database_and_a_refused_connection_are_no_erasure(here: Any) -> None:
    here.server.delete_database(here.centre.name)
    with pytest.raises(NotFound):
        here.transmitter().pull()
    with pytest.raises(Unreachable):
        here.with_centre(NOWHERE).transmitter().pull()
    assert here.measure(here.aggregator(), 4).stored


def test_a_local_revocation_stops_measuring_and_sending_and_the_replica_stays(here: Any) -> None:
    here.measure(here.aggregator(), 4)
    here.consent("revoked")
    assert here.measure(here.aggregator(), 5).consent is REVOKED
    transmit(here)
    assert here.slots(here.centre) == [1, 2, 3]
    assert here.centre.find("consent:revoked") is not None
    assert here.replica.find("registration") is not None
    assert here.slots(here.replica) == [1, 2, 3, 4]


def test_what_the_centre_lacks_at_a_revocation_is_counted_exactly(here: Any) -> None:
    """A push that nobody could write down, and one that the centre refused: only comparing tells."""
    for number in (4, 5, 6):
        here.measure(here.aggregator(), number)
    here.transmitter().push(GRANTED)  # the agent died before it could remember that
    here.measure(here.aggregator(), 7)
    here.consent("revoked")
    transmit(here)
    erase_at_centre(here)
    erase(here)
    assert confirmed_at_centre(here).unsent_measurements == 1


def test_measurements_during_a_push_are_counted_when_the_next_one_never_came(here: Any) -> None:
    session = TransmissionSession(here.links, here.clock, Vitals())
    for number in range(4, 8):
        here.measure(here.aggregator(), number)
        if number < 7:
            assert session.transmit()
    erase_at_centre(here)
    erase(here)
    assert confirmed_at_centre(here).unsent_measurements == 1


def test_a_device_offline_for_90_days_brings_nothing_back(here: Any) -> None:
    offline = here.with_centre(NOWHERE)
    start = here.clock.at
    docs = [measurement(here, start + number * SLOT) for number in range(1, DAYS * SLOTS_A_DAY + 1)]
    for first in range(0, len(docs), 1000):
        failed = [row for row in here.agent.bulk(docs[first : first + 1000]) if row.error]
        assert failed == []
    type(here.clock).at = start + timedelta(days=DAYS)
    assert not transmit(offline)
    erase_at_centre(here)
    before = here.centre.info()["update_seq"]
    with pytest.raises(HouseholdErased):
        here.transmitter().pull()
    with pytest.raises(HouseholdErased):
        transmit(here)
    assert here.centre.info()["update_seq"] == before
    erase(here)
    assert is_empty(here)
    assert confirmed_at_centre(here).unsent_measurements == DAYS * SLOTS_A_DAY
    assert {change.id for change in here.centre.changes(include_docs=False).changes} == {
        "_design/rules",
        "consent:revoked",
        f"erased:{here.settings.device}",
    }


def test_a_restored_replica_is_erased_again_and_nothing_is_measured(here: Any) -> None:
    erase_at_centre(here)
    erase(here)
    first = confirmed_at_centre(here)
    here.server.delete_database(here.replica.name)
    site = type(here)(here.settings, here.researcher_account, here.server)  # the copy, as it was granted
    site.consent("granted")
    site.gate().look()
    site.links.replica(site.settings.local.pull).put(registration())
    with pytest.raises(Fault, match="erased"):
        replica.init(site.links)
    assert not Erasure(site.links, site.clock).is_done()
    erase(site)
    assert is_empty(site)
    assert confirmed_at_centre(site) == first


def test_the_mark_in_the_database_is_enough_when_the_file_is_lost(here: Any) -> None:
    erase_at_centre(here)
    erase(here)
    marker = read_marker(here.settings.erasure_file)
    here.settings.erasure_file.unlink()
    assert Erasure(here.links, here.clock).take_up()
    assert read_marker(here.settings.erasure_file) == marker


def test_the_emptied_replica_takes_no_measurement_and_no_registration(here: Any) -> None:
    erase_at_centre(here)
    erase(here)
    with pytest.raises(Refused):
        here.agent.put(measurement(here, here.clock.at + SLOT))
    pull = here.links.replica(here.settings.local.pull)
    with pytest.raises(Refused):
        pull.put(registration())
    assert security_consent(here.replica.security()) is REVOKED


def test_documents_of_the_replicator_that_name_the_household_go(here: Any, couch_server: Any) -> None:
    jobs = couch_server.database("_replicator")
    ends = {
        "source": {"url": f"{here.settings.local.url}/{here.replica.name}"},
        "target": {"url": f"{NOWHERE}/{here.centre.name}"},
    }
    doc_id = f"test-{uuid.uuid4()}"
    jobs.put({"_id": doc_id, "continuous": True, **ends})
    erase_at_centre(here)
    erase(here)
    assert jobs.leaves(doc_id) == []
    assert jobs.leaves("_design/compaction") == []
    names = [row["source"] for row in jobs.server.transport.request("GET", "_scheduler", "jobs")["jobs"]]
    assert not any(here.replica.name in name for name in names)


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that accepts connections and never answers."""
    import socket  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_running_one_shot_is_ended(here: Any, silent: str, couch_server: Any) -> None:
    for number in (4, 5):
        here.measure(here.aggregator(), number)
    ended = threading.Event()
    pushing = here.with_centre(silent)

    def push() -> None:
        local = pushing.links.local(pushing.settings.local.agent)
        site = pushing.links.centre_site()
        source = here.links.replica_site(here.settings.local.push).endpoint()
        # CouchDB ends a job only after what it has asked of its peer was answered or given up.
        body = {"source": source, "connection_timeout": 1000, "retries_per_request": 1}
        try:
            local.replicate({**body, "target": site.endpoint()}, timeout_s=60)
        except CouchError:
            pass
        finally:
            ended.set()

    threading.Thread(target=push, daemon=True).start()
    jobs: Callable[[], list[Any]] = lambda: couch_server.transport.request(  # noqa: E731
        "GET", "_scheduler", "jobs"
    )["jobs"]
    deadline = threading.Event()
    while not any(here.replica.name in row["source"] for row in jobs()):
        assert not deadline.wait(0.02)
        assert not ended.is_set()
    assert here.links.stop_replications() == 1
    assert ended.wait(30)
    assert not any(here.replica.name in row["source"] for row in jobs())


def test_accounts_that_name_the_household_go_and_the_devices_own_stay(
    here: Any, fresh_account: Any, couch_server: Any
) -> None:
    named = fresh_account(f"household:{here.settings.household}", AGENT)
    users = couch_server.database("_users")
    erase_at_centre(here)
    erase(here)
    assert users.leaves(f"org.couchdb.user:{named.user}") == []
    assert users.find(f"org.couchdb.user:{here.settings.local.agent.user}") is not None
