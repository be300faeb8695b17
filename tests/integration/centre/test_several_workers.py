"""Several workers at once: leases, what happens when one dies, and nothing twice."""

import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from anonymizer.erasure_record import find_erasure
from anonymizer.leases import LeaseLost, Leases
from anonymizer.status import as_text, read_status
from couch.bootstrap import closed_security, ensure_database, security_consent
from couch.client import Database, Server
from couch.clock import Clock
from couch.documents import ConsentState
from couch.names import REGISTRY

PROJECT = Path(__file__).parents[3]
SLICES = 8
WITHIN_S = 60


class Hand:
    """A monotonic clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def registry(couch_server: Server, fresh_name: Callable[..., str]) -> Database:
    return ensure_database(couch_server, fresh_name("registry"), "registry", closed_security(()))


@pytest.fixture
def clock() -> Hand:
    return Hand()


def leases_of(clock: Hand) -> Leases:
    return Leases(SLICES, 30.0, Clock(), clock)


def served(leases: Leases, household: str) -> bool:
    try:
        with leases.serving(household):
            return True
    except LeaseLost:
        return False


def test_one_worker_takes_every_slice(registry: Database, clock: Hand) -> None:
    one = leases_of(clock)
    assert one.beat(registry, {}, share=True) == frozenset(range(SLICES))
    assert one.beat(registry, {}, share=True) == frozenset(), "nothing new"
    assert served(one, str(uuid.uuid4()))


def test_two_workers_come_to_share_and_none_serves_what_the_other_serves(
    registry: Database, clock: Hand
) -> None:
    one, two = leases_of(clock), leases_of(clock)
    one.beat(registry, {}, share=True)
    for _ in range(3):
        two.beat(registry, {}, share=True)
        one.beat(registry, {}, share=True)
        assert not one.held() & two.held()
    assert (len(one.held()), len(two.held())) == (SLICES // 2, SLICES // 2)


def test_a_slice_in_use_is_given_away_only_when_its_visit_has_ended(registry: Database, clock: Hand) -> None:
    one, two = leases_of(clock), leases_of(clock)
    one.beat(registry, {}, share=True)
    two.beat(registry, {}, share=True)
    household = next(
        name for name in (str(uuid.uuid4()) for _ in range(1000)) if one.slice_of(name) == SLICES - 1
    )
    with one.serving(household) as may_go_on:
        one.beat(registry, {}, share=True)
        two.beat(registry, {}, share=True)
        may_go_on()
        assert not served(two, household)
    one.beat(registry, {}, share=True)
    two.beat(registry, {}, share=True)
    assert served(two, household)
    assert not served(one, household)


def test_the_slices_of_a_dead_worker_are_taken_after_its_lease_and_not_before(
    registry: Database, clock: Hand
) -> None:
    dead, heir = leases_of(clock), leases_of(clock)
    dead.beat(registry, {}, share=True)
    heir.beat(registry, {}, share=True)
    assert heir.held() == frozenset()
    assert heir.undecided()
    clock.now += 29
    heir.beat(registry, {}, share=True)
    assert heir.held() == frozenset()
    clock.now += 2
    assert heir.beat(registry, {}, share=True) == frozenset(range(SLICES))
    assert not heir.undecided()


def test_a_worker_trusts_its_lease_for_less_time_than_others_do(registry: Database, clock: Hand) -> None:
    paused, heir, household = leases_of(clock), leases_of(clock), str(uuid.uuid4())
    paused.beat(registry, {}, share=True)
    with paused.serving(household) as may_go_on:
        heir.beat(registry, {}, share=True)
        clock.now += 21
        with pytest.raises(LeaseLost):
            may_go_on()
        heir.beat(registry, {}, share=True)
        assert heir.held() == frozenset(), "nobody serves it now, never two"


def test_a_worker_that_was_paused_loses_what_was_taken_meanwhile(registry: Database, clock: Hand) -> None:
    paused, heir = leases_of(clock), leases_of(clock)
    paused.beat(registry, {}, share=True)
    heir.beat(registry, {}, share=False)
    clock.now += 31
    heir.beat(registry, {}, share=False)
    assert len(heir.held()) == SLICES
    paused.beat(registry, {}, share=True)
    assert paused.held() == frozenset()


def test_a_short_pause_costs_nothing_but_a_look_at_everything(registry: Database, clock: Hand) -> None:
    one = leases_of(clock)
    one.beat(registry, {}, share=True)
    clock.now += 25
    assert not served(one, str(uuid.uuid4()))
    assert one.beat(registry, {}, share=True) == frozenset(range(SLICES)), "announcements may have passed"


def test_an_orderly_end_frees_everything_at_once(registry: Database, clock: Hand) -> None:
    one, two = leases_of(clock), leases_of(clock)
    one.beat(registry, {}, share=True)
    one.release(registry)
    assert two.beat(registry, {}, share=True) == frozenset(range(SLICES))


def test_of_two_that_take_at_once_each_slice_has_one_owner(
    registry: Database, clock: Hand, couch_admin: Any
) -> None:
    several = [leases_of(clock) for _ in range(4)]
    barrier = threading.Barrier(len(several))

    def beat(leases: Leases) -> None:
        with couch_admin.server() as server:
            barrier.wait(WITHIN_S)
            leases.beat(server.database(registry.name), {}, share=False)

    threads = [threading.Thread(target=beat, args=(leases,)) for leases in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WITHIN_S)
    held = [number for leases in several for number in leases.held()]
    assert sorted(held) == list(range(SLICES))


def is_granted(household: Any) -> bool:
    return security_consent(household.admin.security()) is ConsentState.GRANTED


def until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        threading.Event().wait(0.05)


@contextmanager
def real_worker(centre: Any, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`survey anonymizer run` in a process of its own, with leases of two seconds."""
    settings = centre.settings
    config = folder / "centre.toml"
    config.write_text(
        f'url = "{settings.url}"\npseudonym_key = "{settings.pseudonym_key}"\nlease_s = 2.0\n'
        f'[admin]\nuser = "{settings.admin.user}"\npassword = "{settings.admin.password.reveal()}"\n'
        f'[worker]\nuser = "{settings.worker.user}"\npassword = "{settings.worker.password.reveal()}"\n'
    )
    config.chmod(0o600)
    process = subprocess.Popen(
        [sys.executable, str(PROJECT / "survey.py"), "anonymizer", "run", "--config", str(config)],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(WITHIN_S)


def test_what_a_killed_worker_served_is_served_by_the_next_one(centre: Any, tmp_path: Path) -> None:
    household = centre.household()
    with real_worker(centre, tmp_path) as first:
        household.consent("granted")
        until(lambda: security_consent(household.admin.security()) is ConsentState.GRANTED)
        first.kill()
        first.wait(WITHIN_S)
    other = centre.household()
    other.consent("granted")
    with real_worker(centre, tmp_path):
        until(lambda: security_consent(other.admin.security()) is ConsentState.GRANTED)
        until(lambda: len(read_status(centre.worker)["workers"]) == 1)
        (worker,) = read_status(centre.worker)["workers"]
        assert worker["slices"] == centre.settings.slices
        assert "32 slices" in as_text(read_status(centre.worker))


def test_two_workers_erase_a_queue_of_households_once_each(centre: Any) -> None:
    households = [centre.household() for _ in range(6)]
    for household in households:
        household.consent("granted")
    with centre.following(), centre.following():
        until(lambda: all(is_granted(household) for household in households))
        for household in households:
            household.measure(range(3))
        drawn = len(centre.draw.drawn)
        for household in households:
            household.consent("revoked")
        registry = centre.worker.database(REGISTRY)

        def erased(household: Any) -> bool:
            record = find_erasure(registry, household.uuid)
            return record is not None and record.next_step is None

        until(lambda: all(erased(household) for household in households))
    assert len(centre.draw.drawn) - drawn == len(households), "each place was drawn once"
    for household in households:
        record = find_erasure(centre.worker.database(REGISTRY), household.uuid)
        assert record is not None
        assert [kept.measurements for kept in record.kept] == [3]
