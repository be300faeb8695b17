"""Documents of `_replicator`: what asks for a replication, and what becomes of it."""

from datetime import UTC, datetime

import pytest

from couch.node.answers import HttpError
from couch.node.replicator import document_states
from couch.node.replicator.options import ReplicatorOptions
from couch.node.user import UserCtx

NOW = datetime(2026, 7, 1, tzinfo=UTC)
ANN, ADMIN = UserCtx("ann", ("r",)), UserCtx("admin", ("_admin",))
DOC = {
    "_id": "one",
    "source": "http://u:secret@peer/a",
    "target": {"url": "http://peer/b", "auth": {"basic": {"username": "u", "password": "secret"}}},
    "owner": "ann",
}


def follow(bench, **documents):
    """Put documents into `_replicator` and begin to follow it."""
    bench.couch.create("a", "b", "_replicator")
    database = bench.couch.databases["_replicator"]
    for doc_id, more in documents.items():
        database.put(doc_id, owner="admin", **bench.body(**more))
    return database


async def in_state(bench, doc_id, state):
    """Wait until a document or its job is in a state; what stands in the document."""
    database = bench.couch.databases["_replicator"]

    def there():
        wanted = bench.service.documents.wanted(doc_id)
        if wanted is not None:
            job = None if wanted.job_id is None else bench.service.scheduler.job(wanted.job_id)
            row = wanted.row(job, "node")
        else:
            row = document_states.row(
                {"_id": doc_id, **database.read().get(doc_id, {}), **_states(database, doc_id)}
            )
        return row is not None and row["state"] == state

    await bench.until(there)
    return database.document(doc_id, database.winner(doc_id))


def _states(database, doc_id):
    if doc_id not in database.revs:
        return {}
    return database.document(doc_id, database.winner(doc_id))


def test_a_document_runs_to_completion_and_says_so(bench):
    async def test(bench):
        follow(bench, one={})
        bench.couch.databases["a"].put("x")
        await bench.service.start()
        document = await in_state(bench, "one", "completed")
        assert bench.couch.databases["b"].read() == {"x": {}}
        assert document["_replication_stats"]["docs_written"] == 1
        assert document["_replication_state_time"].endswith("Z")
        await bench.until(lambda: bench.service.documents.wanted("one") is None)
        assert bench.service.scheduler.jobs() == []

    bench(test)


def test_a_malformed_document_is_marked_as_failed(bench):
    async def test(bench):
        follow(bench, one={"source": "local"})
        await bench.service.start()
        document = await in_state(bench, "one", "failed")
        assert document["_replication_state_reason"] == "local_endpoints_not_supported"

    bench(test)


def test_a_crashing_replication_is_tried_again_until_it_completes(bench):
    async def test(bench):
        follow(bench, one={})
        del bench.couch.databases["a"]
        await bench.service.start()
        await in_state(bench, "one", "crashing")
        wanted = bench.service.documents.wanted("one")
        job = bench.service.scheduler.job(wanted.job_id)
        await bench.until(lambda: job.crashes >= 3)
        assert job.summary()["info"]["error"].startswith("db_not_found: could not open")
        assert "_replication_state" not in _states(bench.couch.databases["_replicator"], "one")
        bench.couch.create("a")
        await in_state(bench, "one", "completed")

    bench(test)


def test_who_asks_for_the_same_ends_the_pause_after_a_crash(bench):
    async def test(bench):
        follow(bench, one={})
        a = bench.couch.databases.pop("a")
        await bench.service.start()
        await in_state(bench, "one", "crashing")
        bench.couch.databases["a"] = a
        await bench.replicate()
        assert (await in_state(bench, "one", "completed"))["_replication_state"] == "completed"

    bench(test, ReplicatorOptions(backoff_s=3600))


def test_deleting_the_document_stops_a_continuous_replication(bench):
    async def test(bench):
        database = follow(bench, one={"continuous": True})
        bench.couch.databases["a"].put("x")
        await bench.service.start()
        await bench.until(lambda: bench.couch.databases["b"].read() == {"x": {}})
        await in_state(bench, "one", "running")
        database.put("one", _deleted=True)
        await bench.until(lambda: not bench.service.scheduler.jobs())

    bench(test)


def test_a_changed_document_is_another_replication(bench):
    async def test(bench):
        database = follow(bench, one={"continuous": True, "doc_ids": ["x"]})
        bench.couch.databases["a"].put("x")
        bench.couch.databases["a"].put("y")
        await bench.service.start()
        await bench.until(lambda: list(bench.couch.databases["b"].read()) == ["x"])
        database.put("one", **bench.body(continuous=True, doc_ids=["y"]))
        await bench.until(lambda: list(bench.couch.databases["b"].read()) == ["x", "y"])
        assert len(bench.service.scheduler.jobs()) == 1

    bench(test)


def test_a_second_document_for_the_same_replication_is_marked_as_failed(bench):
    async def test(bench):
        follow(bench, one={"continuous": True}, two={"continuous": True})
        await bench.service.start()
        document = await in_state(bench, "two", "failed")
        assert "already started, triggered by document `one`" in document["_replication_state_reason"]
        await in_state(bench, "one", "running")

    bench(test)


def test_a_filter_that_is_missing_is_an_error_that_may_pass(bench):
    async def test(bench):
        follow(bench, one={"filter": "d/f"})
        await bench.service.start()
        await in_state(bench, "one", "error")
        row = bench.service.documents.wanted("one").row(None, "node")
        assert "Couldn't open document `_design/d`" in row["info"]["error"]
        assert row["error_count"] == 1

    bench(test)


def test_a_replicator_database_made_anew_is_followed_from_its_start(bench, monkeypatch):
    monkeypatch.setattr("couch.node.replicator.documents._RETRY_S", 0)

    async def test(bench):
        follow(bench, one={"continuous": True})
        await bench.service.start()
        await in_state(bench, "one", "running")
        old = bench.couch.databases.pop("_replicator")
        old.put("last")  # ends the feed that waits
        await bench.until(lambda: not bench.service.scheduler.jobs())
        follow(bench, two={"continuous": True})
        await in_state(bench, "two", "running")

    bench(test)


def test_closing_leaves_a_checkpoint_of_continuous_replications(bench):
    async def test(bench):
        follow(bench, one={"continuous": True})
        a, b = bench.couch.databases["a"], bench.couch.databases["b"]
        a.put("x")
        await bench.service.start()
        await bench.until(lambda: "x" in b.read())
        await bench.service.close()
        assert [log["source_last_seq"] for log in b.local.values()] == ["1-x"]

    bench(test)


def test_a_stored_document_has_an_owner():
    assert document_states.checked({**DOC, "owner": None}, ANN)["owner"] == "ann"
    assert document_states.checked(DOC, ADMIN)["owner"] == "ann"
    with pytest.raises(HttpError, match="other users"):
        document_states.checked(DOC, UserCtx("bob"))


def test_a_document_that_can_never_run_is_not_stored():
    with pytest.raises(HttpError, match="Missing replicator database"):
        document_states.checked({"_id": "one"}, ANN)
    assert document_states.checked({"_id": "one", "_deleted": True}, ANN)["owner"] == "ann"


def test_others_do_not_see_the_credentials():
    assert document_states.shown(DOC, ANN) == DOC
    assert document_states.shown(DOC, ADMIN) == DOC
    seen = document_states.shown(DOC, UserCtx("bob"))
    assert (seen["source"], seen["target"]) == ("http://peer/a/", {"url": "http://peer/b/"})


def test_the_row_of_a_failed_document_tells_why_without_credentials():
    row = document_states.row(document_states.failed(DOC, "why", NOW))
    assert (row["state"], row["error_count"], row["info"]) == ("failed", 1, {"error": "why"})
    assert "secret" not in str(row)
    assert document_states.row(DOC)["state"] is None


def test_completion_clears_the_reason_of_an_earlier_failure():
    document = document_states.completed(document_states.failed(DOC, "why", NOW), {"docs_read": 1}, NOW)
    assert "_replication_state_reason" not in document
    assert document_states.row(document)["info"] == {"docs_read": 1}
