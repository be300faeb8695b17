"""The worker's threads, with visitors and servers that a test holds in its hands."""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from anonymizer.announcements import follow
from anonymizer.backlog import Backlog
from anonymizer.connections import Centre
from anonymizer.metrics import Metrics
from anonymizer.worker import Worker
from couch.centre_settings import CentreSettings
from couch.client import DatabaseUpdate
from couch.errors import AccessDenied, NotFound, Refused, Unreachable
from couch.settings import Account, Secret

ONE, TWO, THREE = (f"0000000{number}-0000-4000-8000-000000000000" for number in (1, 2, 3))
WITHIN_S = 10


@dataclass
class FakeServer:
    """A server with households, whose feed of databases is what `announce` yields."""

    seqs: dict[str, int]
    announce: Callable[[], Iterator[DatabaseUpdate]]
    asked: int = 0

    def database_names(self, prefix: str) -> list[str]:
        self.asked += 1
        return sorted(f"{prefix}{household}" for household in self.seqs)

    def database_updates(self, since: str, *, stop: threading.Event) -> Iterator[DatabaseUpdate]:
        yield from self.announce()

    def database(self, name: str) -> "FakeServer":
        self.name = name
        return self

    def info(self) -> dict[str, int]:
        return {"update_seq": self.seqs[self.name.removeprefix("household-")]}

    def documents(self, **_: Any) -> Iterator[dict[str, Any]]:
        """Of the registry: no erasures."""
        return iter(())

    def rows(self, **_: Any) -> Iterator[tuple[str, str]]:
        """Of the registry: no wishes."""
        return iter(())

    def view(self, *_: Any) -> Iterator[Any]:
        """Of the registry: nothing parked."""
        return iter(())

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class FakeVisitor:
    """Fails as often as it is told, then succeeds."""

    household: str
    failures: list[Exception] = field(default_factory=list)
    visits: int = 0
    visited: threading.Event = field(default_factory=threading.Event)

    def visit(self, centre: Centre, stop: threading.Event, may_go_on: Callable[[], None]) -> None:
        self.visits += 1
        if self.failures:
            raise self.failures.pop()
        self.visited.set()


SETTINGS = CentreSettings(
    url="http://127.0.0.1:5984",
    admin=Account("admin", Secret("x")),
    worker=Account("worker", Secret("y")),
    pseudonym_key=Path("key"),
    parallel_households=2,
    tries=3,
    retry_s=0.01,
    poll_s=0.01,
)


def nothing_happens() -> Iterator[DatabaseUpdate]:
    return iter(())


def worker_of(server: FakeServer, visitors: dict[str, FakeVisitor]) -> Worker:
    def connect() -> Centre:
        fake: Any = server
        return Centre(fake, fake)

    return Worker(SETTINGS, connect, visitors.__getitem__, Metrics())


def visitors_of(*households: str) -> dict[str, FakeVisitor]:
    return {household: FakeVisitor(household) for household in households}


def test_catching_up_visits_every_household_once() -> None:
    visitors = visitors_of(ONE, TWO, THREE)
    server = FakeServer(dict.fromkeys(visitors, 1), nothing_happens)
    assert worker_of(server, visitors).catch_up(threading.Event()) == 0
    assert [visitor.visits for visitor in visitors.values()] == [1, 1, 1]


def test_a_failure_is_tried_again_and_the_others_go_on() -> None:
    visitors = visitors_of(ONE, TWO)
    visitors[ONE].failures = [Unreachable("gone"), RuntimeError("a surprise")]
    worker = worker_of(FakeServer(dict.fromkeys(visitors, 1), nothing_happens), visitors)
    assert worker.catch_up(threading.Event()) == 0
    assert (visitors[ONE].visits, visitors[TWO].visits) == (3, 1)
    assert worker.metrics["failures"] == 2


def test_catching_up_gives_up_after_all_tries_and_counts_it() -> None:
    visitors = visitors_of(ONE, TWO)
    visitors[ONE].failures = [Refused("no")] * 9
    worker = worker_of(FakeServer(dict.fromkeys(visitors, 1), nothing_happens), visitors)
    assert worker.catch_up(threading.Event()) == 1
    assert visitors[ONE].visits == SETTINGS.tries


def test_no_line_of_the_log_names_a_household(caplog: pytest.LogCaptureFixture) -> None:
    visitors = visitors_of(ONE)
    visitors[ONE].failures = [Refused(f"household-{ONE} said no")] * 9
    worker = worker_of(FakeServer({ONE: 1}, nothing_happens), visitors)
    with caplog.at_level(logging.DEBUG):
        worker.catch_up(threading.Event())
    assert "given up" in caplog.text
    assert ONE not in caplog.text


def test_an_announced_household_is_visited() -> None:
    visitors = visitors_of(ONE, TWO)
    server = FakeServer({ONE: 1}, lambda: iter([DatabaseUpdate(f"household-{TWO}", "updated", "1")]))
    worker, stop = worker_of(server, visitors), threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        assert visitors[TWO].visited.wait(WITHIN_S)
        assert visitors[ONE].visited.wait(WITHIN_S), "the sweep at the start finds it"
    finally:
        stop.set()
        thread.join(WITHIN_S)
    assert not thread.is_alive()


def test_a_worker_whose_account_is_not_let_in_ends_and_says_so() -> None:
    def denied() -> Iterator[DatabaseUpdate]:
        raise AccessDenied("no")
        yield

    with pytest.raises(AccessDenied):
        worker_of(FakeServer({}, denied), {}).run(threading.Event())


def test_other_databases_are_none_of_the_worker_s() -> None:
    backlog, stop = Backlog(), threading.Event()
    names = ["_users", "registry", "household-notes", f"replica-{TWO}", f"household-{ONE}"]
    updates = [DatabaseUpdate(name, "updated", "1") for name in names]
    gone = DatabaseUpdate(f"household-{TWO}", "deleted", "2")
    server: Any = FakeServer({}, lambda: iter([*updates, gone]))
    follow(server, backlog, 0.01, stop)
    assert len(backlog) == 1
    assert backlog.take() == ONE


def test_where_the_engine_announces_nothing_each_household_is_asked() -> None:
    def missing() -> Iterator[DatabaseUpdate]:
        raise NotFound("404")
        yield

    fake = FakeServer({ONE: 1, TWO: 1}, missing)
    server: Any = fake
    backlog, stop = Backlog(), threading.Event()
    thread = threading.Thread(target=follow, args=(server, backlog, 0.01, stop))
    thread.start()
    try:
        assert {backlog.take(), backlog.take()} == {ONE, TWO}
        backlog.done(ONE)
        backlog.done(TWO)
        fake.seqs[TWO] = 2
        assert backlog.take() == TWO
        assert fake.asked >= 2
    finally:
        stop.set()
        thread.join(WITHIN_S)
