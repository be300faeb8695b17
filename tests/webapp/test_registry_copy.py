"""The copy of the registry in memory: what it follows, what it asks for, when it begins anew."""

import threading
from typing import Any

import pytest

from couch.bootstrap import closed_security, ensure_database
from couch.client import Change, ChangesBatch, Server
from couch.documents import DeviceSummary, Parked
from couch.errors import Unreachable
from webapp.registry_copy import RegistryCopy


class Feed:
    """A registry whose changes feed a test writes; `database` is what a server would give."""

    def __init__(self) -> None:
        self.instance, self.rows, self.asked = "1", list[Change](), list[str]()
        self.fails_at: int | None = None  # the how-manieth reading fails

    def write(self, doc_id: str, doc: Any) -> None:
        newest = max((int(row.seq) for row in self.rows), default=0)
        self.rows = [row for row in self.rows if row.id != doc_id]
        self.rows.append(Change(str(newest + 1), doc_id, ("1-a",), doc is None, doc))

    def database(self, _name: str) -> "Feed":
        return self

    def info(self) -> Any:
        return {"instance_start_time": self.instance}

    def changes(self, since: str, *, limit: int) -> ChangesBatch:
        self.asked.append(since)
        if self.fails_at == len(self.asked):
            raise Unreachable("gone")
        newest = max((int(row.seq) for row in self.rows), default=0)
        begin = 0 if int(since) > newest else int(since)  # a sequence of another state of the database
        found = [row for row in self.rows if int(row.seq) > begin]
        last = found[limit - 1].seq if len(found) > limit else str(newest)
        return ChangesBatch(tuple(found[:limit]), last, max(len(found) - limit, 0))


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def seconds() -> list[float]:
    return [100.0]


@pytest.fixture
def copy(feed: Feed, seconds: list[float]) -> RegistryCopy:
    return RegistryCopy(lambda: feed, every_s=3, monotonic=lambda: seconds[0])  # type: ignore[arg-type,return-value]


def write(feed: Feed, *summaries: Any) -> None:
    for one in summaries:
        feed.write(one.id, one.to_json())


def test_it_reads_what_changed_and_no_more(
    copy: RegistryCopy, feed: Feed, seconds: list[float], sample: Any
) -> None:
    write(feed, sample.summary(1), sample.summary(2))
    assert {one.name for one in copy.summaries().values()} == {"Household 001", "Household 002"}
    write(feed, sample.summary(2, name="Another"))
    assert len(copy.summaries()) == 2
    assert feed.asked == ["0"]  # younger than three seconds
    seconds[0] += 3
    assert {one.name for one in copy.summaries().values()} == {"Household 001", "Another"}
    assert feed.asked == ["0", "2"]


def test_whoever_has_just_changed_something_sees_it(copy: RegistryCopy, feed: Feed, sample: Any) -> None:
    write(feed, sample.summary(1))
    before = copy.snapshot()
    write(feed, sample.summary(2))
    assert set(copy.refresh().summaries) > set(before.summaries)
    assert len(before.summaries) == 1  # a state stays as it was


def test_what_is_deleted_goes(copy: RegistryCopy, feed: Feed, now: Any, sample: Any) -> None:
    one = sample.summary(1)
    parked = Parked(household=one.household, document="m", document_rev="1-a", reason="r", at=now)
    write(feed, one, parked)
    assert list(copy.snapshot().parked) == [parked.id]
    feed.write(parked.id, None)
    assert not copy.refresh().parked
    assert len(copy.summaries()) == 1


def test_a_version_stands_for_one_state(copy: RegistryCopy, feed: Feed, sample: Any) -> None:
    write(feed, sample.summary(1))
    first = copy.snapshot().version
    feed.write("lease:001", {"type": "lease"})
    assert copy.refresh().version == first  # nothing that is kept here
    write(feed, sample.summary(2))
    second = copy.refresh().version
    feed.instance = "2"
    assert len({first, second, copy.refresh().version}) == 3


@pytest.mark.parametrize("older", [True, False], ids=["older", "another"])
def test_it_begins_anew_with_another_database_or_an_older_state_of_it(
    copy: RegistryCopy, feed: Feed, sample: Any, older: bool
) -> None:
    write(feed, *(sample.summary(number) for number in range(5)))
    assert len(copy.snapshot().summaries) == 5
    feed.rows = []
    if not older:
        feed.instance = "2"
    write(feed, sample.summary(9))
    assert [one.name for one in copy.refresh().summaries.values()] == ["Household 009"]


def test_what_was_read_before_a_failure_is_not_lost(copy: RegistryCopy, feed: Feed, sample: Any) -> None:
    write(feed, sample.summary(1))
    copy.refresh()
    write(feed, *(sample.summary(number) for number in range(2, 1500)))
    feed.fails_at = 3
    with pytest.raises(Unreachable):
        copy.refresh()
    assert len(copy.refresh().summaries) == 1499
    assert feed.asked == ["0", "1", "1001", "1001"]


def test_an_old_copy_is_shown_while_another_thread_reads_and_a_very_old_one_never(
    copy: RegistryCopy, feed: Feed, seconds: list[float], sample: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.registry_copy._WAIT_S", 0.01)
    write(feed, sample.summary(1))
    known = copy.snapshot()
    with copy._lock:  # another thread waits for the database
        seconds[0] += 30
        assert copy.snapshot() is known
        seconds[0] += 31
        with pytest.raises(Unreachable):
            copy.snapshot()
    assert copy.snapshot().version == known.version


def test_the_thread_that_keeps_it_goes_on_after_a_failure(
    copy: RegistryCopy, feed: Feed, sample: Any, caplog: pytest.LogCaptureFixture
) -> None:
    write(feed, sample.summary(1))
    feed.fails_at = 1
    stop, prepared = threading.Event(), []

    def prepare() -> None:
        prepared.append(len(copy.summaries()))
        stop.set()

    copy._every_s = 0.01
    copy.keep(stop, prepare)
    assert prepared == [1]
    assert caplog.text.count("could not be read") == 1


def test_a_summary_that_breaks_its_model_is_named(copy: RegistryCopy, feed: Feed, sample: Any) -> None:
    good, bad = sample.summary(1), sample.summary(2)
    write(feed, good)
    feed.write(bad.id, {**bad.to_json(), "meters": "many"})
    assert list(copy.snapshot().unreadable) == [bad.id]
    write(feed, bad)
    assert not copy.refresh().unreadable
    assert len(copy.summaries()) == 2


def test_devices_that_run_the_same_share_one_table(copy: RegistryCopy, feed: Feed, sample: Any) -> None:
    for number in (1, 2):
        device = DeviceSummary(device=sample.device, name="x", versions={"survey": "1"})
        write(feed, sample.summary(number, devices=(device,)))
    first, second = (one.devices[0].versions for one in copy.summaries().values())
    assert first is second


@pytest.mark.slow
def test_it_follows_a_real_registry(
    couch_server: Server, fresh_name: Any, monkeypatch: pytest.MonkeyPatch, sample: Any
) -> None:
    name = fresh_name("registry")
    monkeypatch.setattr("webapp.registry_copy.REGISTRY", name)

    def made_with(*numbers: int) -> Any:
        registry = ensure_database(couch_server, name, "registry", closed_security(()))
        registry.bulk([sample.summary(number).to_json() for number in numbers])
        return registry

    copy = RegistryCopy(lambda: couch_server, every_s=0)
    registry = made_with(*range(1200))
    assert len(copy.summaries()) == 1200
    registry.replace(sample.summary(5).id, lambda stored: {**stored, "name": "Corrected"})
    registry.delete(sample.summary(6).id, registry.get(sample.summary(6).id)["_rev"])
    after = copy.summaries()
    assert (len(after), after[sample.summary(5).household].name) == (1199, "Corrected")
    couch_server.delete_database(name)
    made_with(7)
    assert list(copy.summaries()) == [sample.summary(7).household]
