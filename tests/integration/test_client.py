"""The client against a database: the same on the embedded node and on CouchDB."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from couch.client import Database, Server
from couch.errors import AccessDenied, Conflict, NotFound, Refused, Unreachable
from couch.settings import Account, Endpoint

DEADLINE_S = 20


@pytest.fixture
def database(couch_server: Server, fresh_name: Callable[..., str]) -> Database:
    name = fresh_name("client")
    couch_server.create_database(name)
    return couch_server.database(name)


@pytest.fixture
def other_thread(couch_admin: Endpoint) -> Iterator[Server]:
    with couch_admin.server() as server:
        yield server


def test_a_server_says_that_it_is_up_and_who_we_are(couch_server: Server) -> None:
    assert couch_server.up()
    session = couch_server.session()
    assert session.name == "admin"
    assert "_admin" in session.roles


def test_without_credentials_we_are_nobody(couch_admin: Endpoint) -> None:
    with Server(couch_admin.url) as server:
        assert server.session().name is None
        with pytest.raises(AccessDenied):
            server.create_database("client-nobody")


def test_a_wrong_password_is_an_access_denied_that_does_not_show_it(
    couch_admin: Endpoint, role_account: Callable[..., Account]
) -> None:
    account = role_account()
    with (
        Server(couch_admin.url, user=account.user, password="hunter2") as server,
        pytest.raises(AccessDenied) as caught,
    ):
        server.session()
    assert "hunter2" not in str(caught.value)


def test_creating_a_database_twice_is_creating_it_once(
    couch_server: Server, fresh_name: Callable[..., str]
) -> None:
    name = fresh_name()
    assert couch_server.create_database(name) is True
    assert couch_server.create_database(name) is False
    assert couch_server.database_names(name) == [name]


def test_a_database_can_be_made_anew_right_after_its_deletion(
    couch_server: Server, database: Database
) -> None:
    database.put({"_id": "old"})
    couch_server.delete_database(database.name)
    couch_server.delete_database(database.name)
    assert not database.exists()
    assert couch_server.create_database(database.name) is True
    assert database.find("old") is None


def test_an_absent_database_is_not_an_absent_document(
    couch_server: Server, fresh_name: Callable[..., str]
) -> None:
    absent = couch_server.database(fresh_name())
    with pytest.raises(NotFound):
        absent.find("anything")
    with pytest.raises(NotFound):
        absent.info()


def test_a_document_is_written_read_and_deleted(database: Database) -> None:
    rev = database.put({"_id": "meter:1", "value": 2**53 + 1})
    assert database.get("meter:1") == {"_id": "meter:1", "_rev": rev, "value": 2**53 + 1}
    database.delete("meter:1", rev)
    assert database.find("meter:1") is None
    assert [leaf["_deleted"] for leaf in database.leaves("meter:1")] == [True]
    with pytest.raises(NotFound):
        database.get("meter:1")


@pytest.mark.parametrize("doc_id", ["a/b", "a?b#c", "ü%20", "measurement:x:2025-07-01T00:00:00Z", "a b+c"])
def test_every_id_finds_its_own_document(database: Database, doc_id: str) -> None:
    database.put({"_id": doc_id, "n": 1})
    assert database.get(doc_id)["_id"] == doc_id
    assert list(database.rows(start=doc_id, end=doc_id)) == [(doc_id, database.get(doc_id)["_rev"])]


def test_writing_the_same_content_twice_is_writing_it_once(database: Database) -> None:
    assert database.put_once({"_id": "a", "n": [1, {"b": None}]}) is True
    assert database.put_once({"_id": "a", "n": [1, {"b": None}]}) is False
    with pytest.raises(Conflict):
        database.put_once({"_id": "a", "n": [2]})


def test_a_put_over_another_revision_is_a_conflict(database: Database) -> None:
    database.put({"_id": "a"})
    with pytest.raises(Conflict):
        database.put({"_id": "a", "n": 2})


def test_concurrent_changes_of_one_document_all_count(database: Database, couch_admin: Endpoint) -> None:
    def count(_: int) -> None:
        with couch_admin.server() as server:
            server.database(database.name).replace(
                "counter", lambda stored: {**(stored or {}), "n": (stored or {"n": 0})["n"] + 1}
            )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(8)))
    assert database.get("counter")["n"] == 8


def test_a_change_may_leave_things_as_they_are(database: Database) -> None:
    assert database.replace("a", lambda stored: None) is None
    assert database.find("a") is None
    written = database.replace("a", lambda stored: {"n": 1})
    assert written is not None
    assert database.replace("a", lambda stored: {"n": 1}) == written


def test_leaves_show_conflicts(database: Database) -> None:
    for rev in ("a" * 32, "b" * 32):
        doc = {"_id": "c", "by": rev[0], "_rev": f"1-{rev}", "_revisions": {"start": 1, "ids": [rev]}}
        assert database.bulk([doc], new_edits=False) == []
    assert {leaf["by"] for leaf in database.leaves("c")} == {"a", "b"}
    assert database.get("c")["by"] == "b"
    assert database.leaves("unknown") == []
    database.put({"_id": "d"})
    found = {doc["_id"]: doc.get("_conflicts") for doc in database.documents(start="c", conflicts=True)}
    assert found == {"c": [f"1-{'a' * 32}"], "d": None}


def test_ranges_come_whole_and_in_order_whatever_the_page(database: Database) -> None:
    ids = [f"m:{number:03}" for number in range(25)]
    database.bulk([{"_id": doc_id, "n": doc_id} for doc_id in reversed(ids)])
    database.put({"_id": "_design/x", "views": {}})
    database.put({"_id": "z"})
    for page in (1, 7, 25, 26, 1000):
        assert [doc_id for doc_id, _ in database.rows(page=page)] == [*ids, "z"]
        found = database.documents(start="m:003", end="m:007", page=page)
        assert [doc["n"] for doc in found] == ids[3:8]


def test_documents_come_by_keys_in_their_order_without_the_absent(database: Database) -> None:
    database.bulk([{"_id": doc_id} for doc_id in "abc"])
    database.delete("b", database.get("b")["_rev"])
    found = database.documents(keys=["c", "b", "nothing", "a"], page=2)
    assert [doc["_id"] for doc in found] == ["c", "a"]


def test_a_view_answers_rows_reduced_and_plain(database: Database) -> None:
    database.put(
        {
            "_id": "_design/t",
            "language": "javascript",
            "views": {
                "by_kind": {"map": "function (doc) { emit([doc.kind, doc._id], doc.n); }", "reduce": "_sum"}
            },
        }
    )
    database.bulk([{"_id": str(n), "kind": "even" if n % 2 == 0 else "odd", "n": n} for n in range(6)])
    grouped = list(database.view("t", "by_kind", group_level=1))
    assert [(row.key, row.value) for row in grouped] == [(["even"], 6), (["odd"], 9)]
    plain = list(
        database.view(
            "t", "by_kind", reduce=False, start_key=["odd"], end_key=["odd", {}], include_docs=True, limit=2
        )
    )
    assert [(row.id, row.key, row.value) for row in plain] == [("1", ["odd", "1"], 1), ("3", ["odd", "3"], 3)]
    assert plain[0].doc is not None
    assert plain[0].doc["n"] == 1
    by_keys = database.view("t", "by_kind", reduce=False, keys=[["even", "2"], ["odd", "5"]])
    assert [row.id for row in by_keys] == ["2", "5"]
    with pytest.raises(NotFound):
        list(database.view("t", "nothing"))


def test_each_document_of_a_bulk_write_succeeds_or_fails_alone(database: Database) -> None:
    database.put({"_id": "a"})
    first, second = database.bulk([{"_id": "a", "n": 1}, {"_id": "b"}])
    assert (first.id, first.error) == ("a", "conflict")
    assert second.error is None
    assert second.rev == database.get("b")["_rev"]
    assert database.bulk([]) == []


def test_a_validator_refuses_with_its_reason(database: Database) -> None:
    database.put(
        {
            "_id": "_design/rules",
            "language": "javascript",
            "validate_doc_update": "function (doc) { if (!doc.ok) { throw({forbidden: 'not ok'}); } }",
        }
    )
    with pytest.raises(Refused) as caught:
        database.put({"_id": "a"})
    assert not isinstance(caught.value, AccessDenied)
    assert (caught.value.error, caught.value.reason, caught.value.status) == ("forbidden", "not ok", 403)
    result, good = database.bulk([{"_id": "a"}, {"_id": "b", "ok": True}])
    assert (result.error, result.reason) == ("forbidden", "not ok")
    assert good.error is None
    forged = {"_id": "a", "_rev": "1-" + "a" * 32, "_revisions": {"start": 1, "ids": ["a" * 32]}}
    (failure,) = database.bulk([forged], new_edits=False)
    assert (failure.id, failure.reason) == ("a", "not ok")


def test_bulk_get_gives_revisions_and_leaves_out_the_missing(database: Database) -> None:
    rev = database.put({"_id": "a", "n": 1})
    found = database.bulk_get([("a", rev), ("a", None), ("nothing", None), ("a", "9-" + "f" * 32)], revs=True)
    assert [doc["n"] for doc in found] == [1, 1]
    assert found[0]["_revisions"] == {"start": 1, "ids": [rev.partition("-")[2]]}


def test_revs_diff_names_the_missing(database: Database) -> None:
    rev = database.put({"_id": "a"})
    other = "2-" + "c" * 32
    assert database.revs_diff({"a": [rev, other], "b": [other]}) == {"a": [other], "b": [other]}
    assert database.revs_diff({"a": [rev]}) == {}


def test_more_than_a_hundred_documents_are_purged_without_a_trace(database: Database) -> None:
    results = database.bulk([{"_id": f"d{n:03}"} for n in range(205)])
    database.purge({result.id: [str(result.rev)] for result in results})
    assert list(database.rows()) == []
    assert database.leaves("d000") == []


def test_a_local_document_is_replaced_whatever_stood_there(database: Database) -> None:
    assert database.local("state") is None
    database.put_local("state", {"seq": "1"})
    database.put_local("state", {"seq": "2"})
    assert database.local("state") == {"seq": "2"}
    assert list(database.rows()) == []


def test_security_is_what_was_set(database: Database) -> None:
    security = {"members": {"names": [], "roles": ["x"]}, "admins": {"names": [], "roles": []}, "consent": {}}
    database.set_security(security)
    assert database.security() == security


def test_who_is_no_member_is_denied(
    database: Database, couch_admin: Endpoint, role_account: Callable[..., Account]
) -> None:
    database.set_security({"members": {"roles": ["x"]}, "admins": {}})
    member, stranger = role_account("x"), role_account("y")
    with Server(couch_admin.url, user=member.user, password=member.password) as server:
        assert server.database(database.name).put_once({"_id": "a"})
    with Server(couch_admin.url, user=stranger.user, password=stranger.password) as server:
        denied = server.database(database.name)
        for attempt in (
            denied.info,
            lambda: denied.put({"_id": "b"}),
            lambda: denied.put({"_id": "a", "n": 1}),
            lambda: denied.find("a"),
            lambda: list(denied.rows()),
            denied.changes,
            denied.security,
        ):
            with pytest.raises(AccessDenied):
                attempt()


def test_an_account_changes_only_where_it_differs(couch_server: Server, couch_admin: Endpoint) -> None:
    users = couch_server.database("_users")
    name = f"test-account-{time.time_ns()}"
    try:
        couch_server.put_user(name, "gehéim", ["b", "a"])
        first = users.get(f"org.couchdb.user:{name}")
        couch_server.put_user(name, "gehéim", ["a", "b"])
        assert users.get(f"org.couchdb.user:{name}") == first
        with Server(couch_admin.url, user=name, password="gehéim") as server:
            assert set(server.session().roles) == {"a", "b"}
        couch_server.put_user(name, "gehéim", ["c"])
        changed = users.get(f"org.couchdb.user:{name}")
        assert changed["roles"] == ["c"]
        assert changed["derived_key"] == first["derived_key"]
        couch_server.put_user(name, "neu", ["c"])
        assert users.get(f"org.couchdb.user:{name}")["derived_key"] != first["derived_key"]
    finally:
        stored = users.get(f"org.couchdb.user:{name}")
        users.delete(stored["_id"], stored["_rev"])


def test_changes_resume_where_they_were_left(database: Database) -> None:
    for number in range(5):
        database.put({"_id": f"d{number}", "n": number})
    database.delete("d0", database.get("d0")["_rev"])
    first = database.changes(limit=2)
    assert [change.id for change in first.changes] == ["d1", "d2"]
    assert first.pending == 3
    rest = database.changes(first.last_seq, include_docs=False)
    assert [(change.id, change.deleted) for change in rest.changes] == [
        ("d3", False),
        ("d4", False),
        ("d0", True),
    ]
    assert rest.changes[0].doc is None
    assert rest.pending == 0
    assert database.changes(rest.last_seq).changes == ()


def test_a_change_names_all_its_leaf_revisions(database: Database) -> None:
    for rev in ("a" * 32, "b" * 32):
        database.bulk(
            [{"_id": "c", "_rev": f"1-{rev}", "_revisions": {"start": 1, "ids": [rev]}}], new_edits=False
        )
    (change,) = database.changes().changes
    assert change.revs == (f"1-{'b' * 32}", f"1-{'a' * 32}")


def test_a_followed_feed_brings_what_happens_and_stops_at_once(
    database: Database, other_thread: Server
) -> None:
    database.put({"_id": "before"})
    stop = threading.Event()
    writer = other_thread.database(database.name)
    seen: list[str] = []
    stopped_at = 0.0
    for batch in database.follow("0", stop=stop):
        seen += [change.id for change in batch.changes]
        if seen == ["before"]:
            threading.Timer(0.1, writer.put, ({"_id": "after"},)).start()
        else:

            def end() -> None:
                nonlocal stopped_at
                stopped_at = time.monotonic()
                stop.set()

            threading.Timer(0.2, end).start()
    assert seen == ["before", "after"]
    assert time.monotonic() - stopped_at < 1.0


def test_a_feed_of_an_absent_database_says_so(couch_server: Server, fresh_name: Callable[..., str]) -> None:
    with pytest.raises(NotFound):
        next(couch_server.database(fresh_name()).follow("0", stop=threading.Event()))


def test_database_updates_tell_of_new_and_changed_databases(
    couch_server: Server, other_thread: Server, fresh_name: Callable[..., str]
) -> None:
    name = fresh_name()
    stop = threading.Event()
    last_resort = threading.Timer(DEADLINE_S, stop.set)
    last_resort.start()
    threading.Timer(0.2, other_thread.create_database, (name,)).start()
    kinds = []
    for update in couch_server.database_updates("now", stop=stop):
        if update.name == name:
            kinds.append(update.kind)
            if update.kind == "created":
                threading.Timer(0.1, other_thread.database(name).put, ({"_id": "a"},)).start()
            if update.kind == "updated":
                break
    last_resort.cancel()
    assert kinds[0] == "created"
    assert kinds[-1] == "updated"


def test_nobody_at_the_address_is_unreachable_and_named_without_credentials() -> None:
    with Server("http://someone:hunter2@127.0.0.1:9", timeout_s=2) as server:
        assert server.up() is False
        with pytest.raises(Unreachable) as caught:
            server.session()
    assert "http://127.0.0.1:9 cannot be reached" in str(caught.value)
    assert "hunter2" not in f"{caught.value!r} {server!r}"
