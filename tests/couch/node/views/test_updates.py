"""An index follows its database. Every test runs over the fake and over the node's own storage."""

from typing import Any

import pytest

from couch.node.answers import HttpError
from couch.node.js.outcome import JsError

BY_N = {"_id": "_design/d", "views": {"n": {"map": "function (doc) { if (doc.n) emit(doc.n, doc._id); }"}}}


def test_what_is_written_appears(source: Any, at_desk: Any) -> None:
    async def work(desk: Any) -> None:
        source.put(BY_N)
        assert await desk.rows("n") == []
        source.put({"_id": "a", "n": 2})
        source.put({"_id": "b", "n": 1})
        assert await desk.rows("n") == [("b", 1, "b"), ("a", 2, "a")]

    at_desk(source, work)


def test_a_changed_document_leaves_no_old_rows(source: Any, at_desk: Any) -> None:
    async def work(desk: Any) -> None:
        source.put(BY_N)
        source.put({"_id": "a", "n": 1})
        await desk.rows("n")
        source.put({"_id": "a", "n": 5})
        answer = await desk.ask("n")
        assert (answer["total_rows"], [row["key"] for row in answer["rows"]]) == (1, [5])

    at_desk(source, work)


def test_a_deleted_document_goes(source: Any, at_desk: Any) -> None:
    async def work(desk: Any) -> None:
        source.put(BY_N)
        source.put({"_id": "a", "n": 1})
        await desk.rows("n")
        source.delete("a")
        assert await desk.ask("n") == {"total_rows": 0, "offset": 0, "rows": []}

    at_desk(source, work)


def test_a_purged_document_goes_and_may_come_again(source: Any, at_desk: Any) -> None:
    async def work(desk: Any) -> None:
        source.put(BY_N)
        source.put({"_id": "a", "n": 1})
        source.put({"_id": "b", "n": 2})
        await desk.rows("n")
        source.purge("a")
        assert await desk.rows("n") == [("b", 2, "b")]
        source.put({"_id": "a", "n": 3})
        assert await desk.rows("n") == [("b", 2, "b"), ("a", 3, "a")]

    at_desk(source, work)


def test_a_purge_of_the_last_change_does_not_stop_the_index(source: Any, at_desk: Any) -> None:
    async def work(desk: Any) -> None:
        source.put(BY_N)
        source.put({"_id": "a", "n": 1})
        source.put({"_id": "b", "n": 2})
        source.purge("b")
        assert await desk.rows("n") == [("a", 1, "a")]

    at_desk(source, work)


def test_only_what_changed_is_mapped_again(source: Any, at_desk: Any, engine: Any) -> None:
    async def work(desk: Any) -> None:
        source.put(BY_N)
        for number in range(5):
            source.put({"_id": f"a{number}", "n": 1})
        await desk.rows("n")
        source.put({"_id": "b", "n": 1})
        await desk.rows("n")
        await desk.rows("n")

    at_desk(source, work)
    assert engine.mapped == [5, 1]


def test_an_index_outlives_its_service(source: Any, at_desk: Any, engine: Any) -> None:
    source.put(BY_N)
    source.put({"_id": "a", "n": 1})
    for _ in range(2):
        assert at_desk(source, lambda desk: desk.rows("n")) == [("a", 1, "a")]
    assert engine.mapped == [1]


def test_a_design_document_that_changes_elsewhere_keeps_its_index(
    source: Any, at_desk: Any, engine: Any
) -> None:
    async def work(desk: Any) -> None:
        source.put(BY_N)
        source.put({"_id": "a", "n": 1})
        await desk.rows("n")
        source.put({**BY_N, "filters": {}})
        await desk.rows("n")

    at_desk(source, work)
    assert engine.mapped == [1]


def test_a_view_that_changes_is_built_anew_and_cleaning_up_removes_the_old_one(
    source: Any, at_desk: Any
) -> None:
    folder = source.path.parent.parent / "views" / "db"

    async def work(desk: Any) -> None:
        source.put(BY_N)
        source.put({"_id": "a", "n": 1})
        await desk.rows("n")
        source.put({"_id": "_design/d", "views": {"n": {"map": "function (doc) { emit('new'); }"}}})
        assert await desk.rows("n") == [("a", "new", None)]
        assert len(list(folder.glob("*.sqlite"))) == 2
        await desk.service.cleanup(source)
        assert len(list(folder.glob("*.sqlite"))) == 1
        assert await desk.rows("n") == [("a", "new", None)]

    at_desk(source, work)


def test_design_documents_are_indexed_only_where_asked_for(source: Any, at_desk: Any) -> None:
    async def work(desk: Any) -> None:
        by_id = {"v": {"map": "function (doc) { emit(doc._id); }"}}
        source.put({"_id": "_design/d", "views": by_id})
        source.put({"_id": "_design/all", "views": by_id, "options": {"include_design": True}})
        assert await desk.rows("v") == []
        assert [row[0] for row in await desk.rows("v", design="all")] == ["_design/all", "_design/d"]

    at_desk(source, work)


def test_a_view_without_update_answers_from_what_is_indexed(source: Any, at_desk: Any) -> None:
    async def work(desk: Any) -> None:
        source.put(BY_N)
        source.put({"_id": "a", "n": 1})
        assert await desk.rows("n", "update=false") == []
        await desk.rows("n")
        source.put({"_id": "b", "n": 2})
        assert await desk.rows("n", "stale=ok") == [("a", 1, "a")]

    at_desk(source, work)


def test_documents_are_shown_as_they_are_now(source: Any, at_desk: Any) -> None:
    async def work(desk: Any) -> None:
        rev = source.put({"_id": "a", "n": 1})
        newer = source.put({"_id": "a", "n": 2, "link": "gone"})
        source.put(
            {
                "_id": "_design/d",
                "views": {
                    "own": {"map": "function (doc) { emit(1); }"},
                    "old": {"map": f"function (doc) {{ emit(1, {{_rev: '{rev}'}}); }}"},
                    "other": {"map": "function (doc) { emit(1, {_id: doc.link}); }"},
                },
            }
        )
        document = {"_id": "a", "_rev": newer, "n": 2, "link": "gone"}
        shown = {
            view: (await desk.ask(view, "include_docs=true"))["rows"][0]["doc"]
            for view in ("own", "old", "other")
        }
        assert shown == {"own": document, "old": {"_id": "a", "_rev": rev, "n": 1}, "other": None}

    at_desk(source, work)


def test_missing_design_documents_and_views_are_missing(source: Any, at_desk: Any) -> None:
    async def reason(desk: Any, view: str, design: str) -> tuple[int, str]:
        with pytest.raises(HttpError) as caught:
            await desk.ask(view, design=design)
        return caught.value.status, caught.value.reason

    async def work(desk: Any) -> None:
        source.put(BY_N)
        source.put({"_id": "_design/gone", "views": {}})
        source.delete("_design/gone")
        source.put({"_id": "_design/erlang", "language": "erlang", "views": {"v": {"map": "x"}}})
        assert await reason(desk, "n", "none") == (404, "missing")
        assert await reason(desk, "n", "gone") == (404, "deleted")
        assert await reason(desk, "none", "d") == (404, "missing_named_view")
        assert (await reason(desk, "v", "erlang"))[0] == 501

    at_desk(source, work)


def test_information_tells_how_much_is_to_be_indexed(source: Any, at_desk: Any) -> None:
    async def work(desk: Any) -> tuple[int, int]:
        source.put(BY_N)
        source.put({"_id": "a", "n": 1})
        group = await desk.service.group(source, "_design/d")
        before = await desk.service.info(source, group)
        await desk.rows("n")
        after = await desk.service.info(source, group)
        return before["updates_pending"]["total"], after["updates_pending"]["total"]

    assert at_desk(source, work) == (2, 0)


def test_a_map_that_cannot_be_compiled_is_an_error_for_whoever_asks(source: Any, at_desk: Any) -> None:
    source.put({"_id": "_design/d", "views": {"v": {"map": "function ("}}})
    source.put({"_id": "a"})
    with pytest.raises(JsError, match="compilation_error"):
        at_desk(source, lambda desk: desk.rows("v"))


def test_compacting_leaves_nothing_of_what_was_purged(source: Any, at_desk: Any) -> None:
    async def work(desk: Any) -> tuple[bool, bool]:
        source.put({"_id": "_design/d", "views": {"v": {"map": "function (doc) { emit(doc.name); }"}}})
        source.put({"_id": "a", "name": "Erika Mustermann"})
        await desk.rows("v")
        group = await desk.service.group(source, "_design/d")
        index = source.path.parent.parent / "views" / "db" / f"{group.signature}.sqlite"

        def found() -> bool:
            files = index.parent.glob(index.name + "*")
            return any(b"Erika Mustermann" in file.read_bytes() for file in files)

        before = found()
        source.purge("a")
        await desk.rows("v")
        await desk.service.compact(source, group)
        return before, found()

    assert at_desk(source, work) == (True, False)
