"""The database in memory keeps what the tests of the pages assume of a real one."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from couch.bootstrap import closed_security, ensure_database
from couch.client import Server
from couch.documents import ConsentState, Reported
from couch.errors import Conflict, NotFound


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.slow)])
def make_database(request: pytest.FixtureRequest, fake_database: Any) -> Iterator[Callable[[str], Any]]:
    """`make_database("replica")`: an empty database of that kind, in memory or real."""
    if request.param == "fake":
        yield lambda _kind: fake_database
        return
    server: Server = request.getfixturevalue("couch_server")
    name = request.getfixturevalue("fresh_name")()

    def make(kind: Any) -> Any:
        database = ensure_database(server, name, kind, closed_security(()))
        if kind == "replica":  # its validator asks for roles that the administrator does not have
            rules = database.get("_design/rules")
            database.delete("_design/rules", rules["_rev"])
        return database

    yield make


def test_the_first_and_the_last_slots_of_meters(make_database: Any, sample: Any, now: Any) -> None:
    replica = make_database("replica")
    slot = now.replace(minute=0)
    docs = [sample.measurement(slot - number * timedelta(minutes=15)) for number in range(3)]
    docs.append(sample.measurement(slot - timedelta(hours=1), meter=sample.generation_meter))
    for doc in docs:
        replica.put_once(doc)
    view = ("page", "measurements_by_meter_slot")

    def ends(**params: Any) -> list[str | None]:
        return [row.id for row in replica.view(*view, limit=1, **params)]

    after = [sample.meter, {}]
    assert ends(start_key=[], end_key=[{}]) == [docs[2]["_id"]]
    assert ends(start_key=after, end_key=[{}]) == [docs[3]["_id"]]
    assert ends(start_key=[sample.generation_meter, {}], end_key=[{}]) == []
    assert ends(start_key=after, end_key=[sample.meter], descending=True) == [docs[0]["_id"]]
    (last,) = replica.view(
        *view, start_key=after, end_key=[sample.meter], descending=True, limit=1, include_docs=True
    )
    assert (last.doc or {})["slot"] == docs[0]["slot"]


def test_what_meters_told_on_a_day(make_database: Any, sample: Any, now: Any) -> None:
    replica = make_database("replica")
    slot = now.replace(hour=23, minute=30)
    for number in range(5):  # of them one at 00:00 of the next day
        at = slot + number * timedelta(minutes=15)
        replica.put_once(sample.measurement(at, sample.energy(100 + number), sample.power(7)))
        replica.put_once(sample.measurement(at, sample.power(-number), meter=sample.generation_meter))

    def told(first: str, last: str) -> list[tuple[Any, ...]]:
        rows = replica.view("page", "amounts_by_day_meter", group=True, start_key=[first], end_key=[last, {}])
        return [(*row.key, *(row.value[name] for name in ("count", "sum", "min", "max"))) for row in rows]

    assert told("2026-07-01", "2026-07-01") == [
        ("2026-07-01", sample.meter, "0100010800ff", 0, 1, 102, 102, 102),
        ("2026-07-01", sample.meter, "slot", 0, 3, 3, 1, 1),
        ("2026-07-01", sample.generation_meter, "-", 0, 3, 9, 2, 4),
        ("2026-07-01", sample.generation_meter, "slot", 0, 3, 3, 1, 1),
    ]
    assert len(told("2026-06-30", "2026-07-01")) == 8  # a power of 0 is one drawn
    assert told("2026-07-02", "2026-07-03") == []


def test_households_by_consent_are_paged(make_database: Any, sample: Any) -> None:
    registry = make_database("registry")
    states = [ConsentState.REVOKED, ConsentState.GRANTED, ConsentState.NOT_GRANTED, ConsentState.GRANTED]
    names = ["Anna", "Zoe", "Bert", None]
    for number, (state, name) in enumerate(zip(states, names, strict=True)):
        registry.put_once(sample.summary(number, consent=state, name=name).to_json())
    view = ("registry", "households_by_consent")
    rows = list(registry.view(*view, include_docs=True, limit=10))
    assert [row.doc.get("name") for row in rows] == [None, "Zoe", "Bert", "Anna"]
    place = {"start_key": rows[1].key, "start_key_doc_id": rows[1].id}
    rest = registry.view(*view, include_docs=True, limit=2, **place)
    assert [row.id for row in rest] == [row.id for row in rows[1:3]]
    back = registry.view(*view, limit=3, descending=True, **place)
    assert [row.id for row in back] == [row.id for row in rows[1::-1]]


def test_equal_keys_stand_in_the_order_of_ids_both_ways(make_database: Any, sample: Any) -> None:
    registry = make_database("registry")
    for number in range(4):
        registry.put_once(sample.summary(number, name="Müller", city="Köln").to_json())
    rows = [row.id for row in registry.view("registry", "households_by_name")]
    assert rows == sorted(rows)
    place = {"start_key": [0, "Müller"], "start_key_doc_id": rows[2]}
    assert [row.id for row in registry.view("registry", "households_by_name", **place)] == rows[2:]
    back = registry.view("registry", "households_by_name", descending=True, **place)
    assert [row.id for row in back] == rows[2::-1]


def test_a_folded_beginning_finds_every_way_of_writing_it(make_database: Any, sample: Any) -> None:
    registry = make_database("registry")
    names = ["Anna Muster", "Jörg MÜLLER", "muller", "Zoe Moser", "Über", None]
    for number, name in enumerate(names):
        registry.put_once(sample.summary(number, name=name, city=None).to_json())
    rows = registry.view("registry", "households_by_text", start_key="mul", end_key="mul\ufff0")
    assert sorted(int(row.id[-12:], 16) for row in rows) == [1, 2]


def test_reports_counted_by_state(make_database: Any, sample: Any, now: Any) -> None:
    registry = make_database("registry")
    for number, done in enumerate([None, now, None]):
        report = f"5f000000-0000-4000-8000-{number:012x}"
        one = Reported(household=sample.household, report=report, at=now, done_at=done)
        registry.put_once(one.to_json())
    rows = registry.view("registry", "reports_by_time", group_level=1)
    assert [(row.key, row.value) for row in rows] == [(["done"], 1), (["open"], 2)]


def test_documents_in_a_range_in_the_order_of_their_ids(make_database: Any, sample: Any, now: Any) -> None:
    replica = make_database("replica")
    docs = [sample.measurement(now.replace(minute=minute)) for minute in (45, 0, 30, 15)]
    for doc in docs:
        replica.put_once(doc)
    ids = sorted(doc["_id"] for doc in docs)
    assert [doc["_id"] for doc in replica.documents(start=ids[1], end=ids[2])] == ids[1:3]


def test_writing_once(make_database: Any, sample: Any, now: Any) -> None:
    replica = make_database("replica")
    assert replica.put_once(sample.consent("granted", now)) is True
    assert replica.put_once(sample.consent("granted", now)) is False
    with pytest.raises(Conflict):
        replica.put_once(sample.consent("granted", now - timedelta(days=1)))
    assert replica.find("consent:revoked") is None
    assert [leaf["state"] for leaf in replica.leaves("consent:granted")] == ["granted"]
    assert replica.leaves("consent:revoked") == []


def test_which_of_some_documents_were_written(make_database: Any, sample: Any) -> None:
    replica = make_database("replica")
    for doc in (sample.consent("granted"), *sample.meters()):
        replica.put_once(doc)
    decisions = ["consent:granted", "consent:revoked"]
    assert replica.changed_since("0", decisions) == {"consent:granted"}
    assert replica.changed_since("0", []) == set()


def test_local_documents_come_without_id_and_revision(make_database: Any, sample: Any) -> None:
    replica = make_database("replica")
    assert replica.local("heartbeat") is None
    if hasattr(replica, "put_local"):
        replica.put_local("heartbeat", sample.heartbeat())
    else:
        replica.locals["heartbeat"] = sample.heartbeat()
    assert replica.local("heartbeat") == sample.heartbeat()


@pytest.mark.slow
def test_an_absent_database_is_not_found(couch_server: Server, fake_database: Any) -> None:
    fake_database.absent = True
    for database in (fake_database, couch_server.database("no-such-database")):
        with pytest.raises(NotFound):
            database.info()
        assert database.exists() is False
