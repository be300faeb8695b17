"""Whatever goes wrong on the way: nothing lost, nothing doubled, and the reason told."""

import asyncio

import pytest

from couch.node.replicator.options import ReplicatorOptions
from couch.node.user import UserCtx

PATHS = ["/a/_changes", "/b/_revs_diff", "/a/_bulk_get", "/b/_bulk_docs"]
METHODS = {"/a/_changes": "GET", "/b/_revs_diff": "POST", "/a/_bulk_get": "POST", "/b/_bulk_docs": "POST"}
ONCE = ReplicatorOptions(retries_per_request=0)


def finally_(method, action):
    """The actions that make a request fail for good: aiohttp itself repeats one that got no answer."""
    return [action, action] if action == "lost" and method in ("GET", "PUT") else [action]


def fill(database, count=25):
    for number in range(count):
        database.put(f"d{number:02}", n=number)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("action", [500, 503, 429, 408, "cut", "lost"])
def test_what_may_pass_is_tried_again(bench, path, action):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        fill(a)
        bench.couch.on(METHODS[path], path, action, None, action)
        answer = await bench.replicate(worker_batch_size=10)
        assert b.read() == a.read()
        assert answer["history"][0]["docs_written"] == 25

    bench(test)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("action", [500, "cut", "lost"])
def test_a_run_that_dies_goes_on_from_its_checkpoint(bench, path, action):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        fill(a)
        bench.couch.on(METHODS[path], path, None, None, *finally_(METHODS[path], action))
        failure = await bench.fail(worker_batch_size=10)
        assert failure["error"] == "http_request_failed"
        await bench.replicate(worker_batch_size=10)
        assert b.read() == a.read()
        assert all(len(b.revs[doc_id]) == 1 for doc_id in b.revs)

    bench(test, ONCE)


@pytest.mark.parametrize("path", ["/a/_local", "/b/_local"])
@pytest.mark.parametrize("action", [500, "lost"])
def test_a_death_between_write_and_checkpoint_writes_nothing_twice(bench, path, action):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        fill(a)
        await bench.replicate()
        a.put("new")
        log = next(iter(a.local))
        bench.couch.on("PUT", f"{path[:2]}/{log}", *finally_("PUT", action))
        assert (await bench.fail())["error"] == "http_request_failed"
        assert "new" in b.read()
        sent = bench.couch.seen("/b/_bulk_docs")
        answer = await bench.replicate()
        assert bench.couch.seen("/b/_bulk_docs") == sent
        assert answer.get("no_changes") or answer["history"][0]["docs_written"] >= 25

    bench(test, ONCE)


def test_a_checkpoint_whose_answer_was_lost_is_no_conflict(bench):
    async def test(bench):
        a, _ = bench.couch.create("a", "b")
        fill(a)
        await bench.replicate()
        a.put("new")
        # servers that compare the revisions of local documents refuse the repeat
        bench.couch.on("PUT", f"/a/{next(iter(a.local))}", "lost", "stored, then 409")
        answer = await bench.replicate()
        assert answer["source_last_seq"] == "26-x"

    bench(test)


def test_a_checkpoint_that_another_wrote_fails_the_run(bench):
    async def test(bench):
        a, _ = bench.couch.create("a", "b")
        fill(a)
        await bench.replicate()
        a.put("new")
        bench.couch.on("PUT", f"/a/{next(iter(a.local))}", 409)
        assert (await bench.fail())["error"] == "checkpoint_commit_failure"

    bench(test)


def test_a_target_made_anew_meanwhile_gets_no_checkpoint(bench):
    async def test(bench):
        a, _ = bench.couch.create("a", "b")
        fill(a)

        async def replace():
            bench.couch.create("b")

        bench.couch.on("POST", "/b/_bulk_docs", None, replace)
        failure = await bench.fail(worker_batch_size=10)
        assert failure["error"] == "checkpoint_commit_failure"
        await bench.replicate(worker_batch_size=10)
        assert bench.couch.databases["b"].read() == a.read()

    bench(test)


@pytest.mark.parametrize("error", ["forbidden", "unauthorized"])
def test_what_the_target_refuses_is_counted_and_passed_over(bench, error):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        fill(a, 5)
        b.refuse = lambda doc: (error, "no") if doc.get("n") == 2 else None
        entry = (await bench.replicate())["history"][0]
        assert (entry["docs_read"], entry["docs_written"], entry["doc_write_failures"]) == (5, 4, 1)
        b.refuse = lambda doc: None
        assert (await bench.replicate())["no_changes"] is True
        assert "d02" not in b.read()
        await bench.replicate(since_seq="0")
        assert b.read() == a.read()

    bench(test)


def test_refusals_accumulate_over_sessions(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        b.refuse = lambda doc: ("forbidden", "no")
        for count in (1, 2, 3):
            a.put(f"d{count}")
            assert (await bench.replicate())["history"][0]["doc_write_failures"] == count

    bench(test)


def test_a_refused_design_document_is_passed_over_too(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        a.put("_design/d", views={})
        fill(a, 3)
        b.refuse = lambda doc: ("forbidden", "not an admin") if doc["_id"].startswith("_design/") else None
        entry = (await bench.replicate())["history"][0]
        assert (entry["docs_written"], entry["doc_write_failures"]) == (3, 1)
        b.refuse = lambda doc: None
        a.put("_design/d", views={}, more=1)
        await bench.replicate()
        assert "_design/d" in b.read()

    bench(test)


def test_an_error_of_a_document_that_is_no_refusal_fails_the_run(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        fill(a, 5)
        b.refuse = lambda doc: ("internal_server_error", "oops") if doc.get("n") == 2 else None
        assert (await bench.fail())["error"] == "doc_write_failed"
        assert not b.local
        b.refuse = lambda doc: None
        await bench.replicate()
        assert b.read() == a.read()

    bench(test)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_the_whole_request_fails_the_run(bench, status):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        fill(a, 5)
        bench.couch.on("POST", "/b/_bulk_docs", status)
        assert (await bench.fail())["error"] == "bulk_docs_failed"
        await bench.replicate()
        assert b.read() == a.read()

    bench(test)


def test_a_request_that_is_too_large_is_halved_and_a_document_that_is_is_counted(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        fill(a, 4)
        bench.couch.on("POST", "/b/_bulk_docs", 413, 413, None, 413)
        entry = (await bench.replicate())["history"][0]
        assert entry["doc_write_failures"] == 1
        assert len(b.read()) == 3

    bench(test)


def test_wrong_credentials_are_told_without_a_repeat(bench):
    async def test(bench):
        bench.couch.create("a", "b")
        bench.couch.password = "right"
        bench.service._uuid = "known"
        failure = await bench.fail()
        assert failure["error"] == "unauthorized"
        assert bench.couch.seen("GET /a/") == 1

    bench(test)


@pytest.mark.parametrize(("missing", "told"), [("a", "/a/"), ("b", "/b/")])
def test_a_missing_database_is_named(bench, missing, told):
    async def test(bench):
        bench.couch.create("a", "b")
        del bench.couch.databases[missing]
        failure = await bench.fail()
        assert failure == {"error": "db_not_found", "reason": f"could not open {bench.couch.url}{told}"}

    bench(test)


def test_a_peer_that_nobody_hears_of_is_told_without_credentials(bench):
    async def test(bench):
        bench.couch.create("b")
        failure = await bench.fail(source="http://ann:secret@127.0.0.1:1/a")
        assert failure["error"] == "http_request_failed"
        assert "secret" not in str(failure)

    bench(test)


def test_a_peer_that_falls_silent_is_not_waited_for(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        fill(a, 3)
        forever = asyncio.Event()
        bench.couch.on("POST", "/b/_bulk_docs", forever.wait)
        await bench.replicate(connection_timeout=100)
        assert b.read() == a.read()

    bench(test)


def test_a_revision_that_is_gone_at_the_source_fails_the_run(bench, monkeypatch):
    monkeypatch.setattr("couch.node.replicator.batches._MISSING_RETRY_S", 0)

    async def test(bench):
        a, b = bench.couch.create("a", "b")
        fill(a, 3)

        async def purge():
            del a.revs["d01"], a.changed["d01"]

        bench.couch.on("POST", "/b/_revs_diff", purge)
        assert (await bench.fail())["error"] == "missing_doc"
        await bench.replicate()
        assert list(b.read()) == ["d00", "d02"]

    bench(test)


def test_a_job_that_is_ended_by_force_leaves_a_state_to_go_on_from(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        fill(a)
        forever, reached = asyncio.Event(), asyncio.Event()

        async def hang():
            reached.set()
            await forever.wait()

        bench.couch.on("POST", "/b/_bulk_docs", None, hang)
        waiting = asyncio.create_task(bench.service.replicate(bench.body(worker_batch_size=10), UserCtx("u")))
        await reached.wait()
        (job,) = bench.service.scheduler.jobs()
        await bench.service.scheduler.remove(job.id)
        assert (await waiting)[1]["error"] == "cancelled"
        await bench.replicate(worker_batch_size=10)
        assert b.read() == a.read()

    bench(test, ReplicatorOptions(close_timeout_s=0.05))
