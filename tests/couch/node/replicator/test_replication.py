"""What a replication copies, and what it answers."""

import asyncio

from couch.node.replicator.options import ReplicatorOptions
from couch.node.user import UserCtx


def test_a_one_shot_copies_all_and_once_more_copies_nothing(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        for number in range(8):
            a.put(f"d{number}", n=number)
        answer = await bench.replicate()
        assert b.read() == a.read()
        assert answer["history"][0]["docs_written"] == 8
        again = await bench.replicate()
        assert again["no_changes"] is True
        assert again["session_id"] == answer["session_id"]

    bench(test)


def test_a_one_shot_of_few_documents_takes_few_requests(bench):
    async def test(bench):
        a, _ = bench.couch.create("a", "b")
        for number in range(8):
            a.put(f"d{number}", n=number)
        await bench.replicate()
        # once the server's uuid; both infos and logs, twice the infos, both logs; changes, diff, read, write
        assert len(bench.couch.requests) == 1 + 4 + 2 + 2 + 4

    bench(test)


def test_conflicts_and_deletions_travel_with_their_ancestry(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        first = a.put("x", n=1)
        a.put("x", n=2)
        a.store({"_id": "x", "_rev": "2-0", "n": 3}, ["2-0", first])
        a.put("y", n=1)
        a.put("y", _deleted=True)
        await bench.replicate()
        assert b.leaves("x") == a.leaves("x")
        assert b.leaves("y") == a.leaves("y")
        assert len(b.revs["x"]) == 3
        assert "y" not in b.read()

    bench(test)


def test_winning_revisions_only_leaves_conflicts_behind(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        first = a.put("x", n=1)
        a.put("x", n=2)
        a.store({"_id": "x", "_rev": "2-0", "n": 3}, ["2-0", first])
        await bench.replicate(winning_revs_only=True)
        assert b.leaves("x") == a.leaves("x")[:1]

    bench(test)


def test_by_document_ids(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        for name in ("one", "two", "three"):
            a.put(name)
        await bench.replicate(doc_ids=["one", "three", "none"])
        assert list(b.read()) == ["one", "three"]
        a.put("three", _deleted=True)
        assert (await bench.replicate(doc_ids=["one", "three", "none"]))["docs_written"] == 3
        assert list(b.read()) == ["one"]

    bench(test)


def test_by_selector_what_does_not_match_is_passed_once(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        for number in range(6):
            a.put(f"d{number}", n=number)
        answer = await bench.replicate(selector={"n": {"$lt": 3}})
        assert list(b.read()) == ["d0", "d1", "d2"]
        # the checkpoint stands behind what was passed, not at the last match
        assert answer["source_last_seq"] == "6-x"
        assert (await bench.replicate(selector={"n": {"$lt": 3}}))["no_changes"] is True

    bench(test)


def test_since_seq_overrides_the_checkpoint(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        for number in range(4):
            a.put(f"d{number}", n=number)
        await bench.replicate(since_seq="2-x")
        assert list(b.read()) == ["d2", "d3"]
        await bench.replicate(since_seq="0")
        assert len(b.read()) == 4

    bench(test)


def test_create_target_makes_a_missing_target_and_leaves_one_that_is_there(bench):
    async def test(bench):
        (a,) = bench.couch.create("a")
        a.put("x")
        await bench.replicate(create_target=True, create_target_params={"q": 1})
        await bench.replicate(create_target=True)
        assert list(bench.couch.databases["b"].read()) == ["x"]

    bench(test)


def test_documents_arrive_byte_for_byte(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        a.put("x", big=12345678901234567890123, small=1e-9, text="ä€\u0000", deep={"": [None, True]})
        a.put("a/b c?%", n=1)
        await bench.replicate()
        assert b.read() == a.read()

    bench(test)


def test_many_documents_go_in_batches_and_in_order(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        for number in range(57):
            a.put(f"d{number:02}", n=number)
        answer = await bench.replicate(worker_batch_size=10)
        assert b.read() == a.read()
        assert list(b.changed) == list(a.changed)
        assert bench.couch.seen("/b/_bulk_docs") == 6
        assert answer["history"][0]["missing_checked"] == 57

    bench(test)


def test_large_documents_go_in_smaller_parts(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        for number in range(40):
            a.put(f"d{number:02}", text="x" * 2000)
        await bench.replicate(worker_batch_size=20)
        assert b.read() == a.read()
        # first 20 together, as nothing was known of their size; then 8,000 bytes, 3 documents, at a time
        assert bench.couch.seen("/b/_bulk_docs") == 1 + 7

    bench(test, ReplicatorOptions(batch_bytes=8_000))


def test_a_source_without_bulk_get_is_read_one_by_one(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        bench.couch.bulk_get = False
        for number in range(20):
            a.put(f"d{number:02}", n=number)
        answer = await bench.replicate(worker_batch_size=10)
        assert b.read() == a.read()
        assert list(b.changed) == list(a.changed)
        assert bench.couch.seen("_bulk_get") == 1
        assert answer["history"][0]["docs_read"] == 20

    bench(test)


def test_an_own_database_may_stand_by_its_name(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        a.put("x")
        assert (await bench.service.replicate({"source": "a", "target": "b"}, UserCtx("u")))[0] == 200
        assert list(b.read()) == ["x"]

    bench(test)


def test_a_continuous_replication_follows_until_it_is_cancelled(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        a.put("one")
        news = b.news
        status, answer = await bench.service.replicate(bench.body(continuous=True), UserCtx("u"))
        assert status == 202
        await news.wait()
        news = b.news
        a.put("two")
        await news.wait()
        assert list(b.read()) == ["one", "two"]
        (job,) = bench.service.scheduler.jobs()
        assert job.state == "running"
        stranger = await bench.service.replicate({"cancel": True, "id": answer["_local_id"]}, UserCtx("else"))
        assert stranger[0] == 401
        ended = await bench.service.replicate(bench.body(continuous=True, cancel=True), UserCtx("u"))
        assert ended == (200, answer)
        # the last checkpoint says how far it came
        assert all(log["source_last_seq"] == "2-x" for log in (*a.local.values(), *b.local.values()))
        assert (await bench.service.replicate({"cancel": True, "id": answer["_local_id"]}, UserCtx("u")))[
            0
        ] == 404

    bench(test)


def test_a_continuous_replication_checkpoints_while_it_waits(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        a.put("one")
        body = bench.body(continuous=True, checkpoint_interval=20)
        await bench.service.replicate(body, UserCtx("u"))
        (job,) = bench.service.scheduler.jobs()
        await bench.until(lambda: job.through == "1-x")
        assert all(log["source_last_seq"] == "1-x" for log in (*a.local.values(), *b.local.values()))

    bench(test)


def test_other_credentials_replace_a_running_replication(bench):
    async def test(bench):
        a, b = bench.couch.create("a", "b")
        await bench.service.replicate(bench.body(continuous=True), UserCtx("u"))
        (old,) = bench.service.scheduler.jobs()
        body = bench.body(continuous=True, connection_timeout=9000)
        await bench.service.replicate(body, UserCtx("u"))
        (new,) = bench.service.scheduler.jobs()
        assert new is not old
        a.put("x")
        await bench.until(lambda: "x" in b.read())

    bench(test)


def test_two_who_ask_for_the_same_wait_for_one_run(bench):
    async def test(bench):
        a, _ = bench.couch.create("a", "b")
        a.put("x")
        first, second = await asyncio.gather(bench.replicate(), bench.replicate())
        assert first == second
        assert bench.couch.seen("/b/_bulk_docs") == 1

    bench(test)
