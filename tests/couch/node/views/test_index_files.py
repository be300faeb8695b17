"""Index files: a cache that is thrown away rather than trusted wrongly."""

from collections.abc import Sequence
from typing import Any

import pytest

from couch.node.answers import HttpError
from couch.node.views import service, updater

BY_N = {"_id": "_design/d", "views": {"n": {"map": "function (doc) { if (doc.n) emit(doc.n); }"}}}


def _index_file(source: Any) -> Any:
    (path,) = (source.path.parent.parent / "views" / "db").glob("*.sqlite")
    return path


def test_an_index_of_an_earlier_incarnation_is_not_used(fake_source: Any, at_desk: Any) -> None:
    async def work(desk: Any) -> list[Any]:
        fake_source.put(BY_N)
        fake_source.put({"_id": "a", "n": 1})
        await desk.rows("n")
        fake_source.documents.clear()
        fake_source.instance, fake_source.seq = "two", 0
        fake_source.put(BY_N)
        fake_source.put({"_id": "b", "n": 2})
        return await desk.rows("n")

    assert at_desk(fake_source, work) == [("b", 2, None)]


def test_a_file_that_is_no_index_is_built_anew(fake_source: Any, at_desk: Any) -> None:
    fake_source.put(BY_N)
    fake_source.put({"_id": "a", "n": 1})
    at_desk(fake_source, lambda desk: desk.rows("n"))
    _index_file(fake_source).write_bytes(b"not a database" * 500)
    assert at_desk(fake_source, lambda desk: desk.rows("n")) == [("a", 1, None)]


def test_an_index_that_is_ahead_of_an_older_copy_of_its_database_is_built_anew(
    fake_source: Any, at_desk: Any
) -> None:
    fake_source.put(BY_N)
    fake_source.put({"_id": "a", "n": 1})
    older = dict(fake_source.documents), fake_source.seq
    fake_source.put({"_id": "b", "n": 2})
    assert len(at_desk(fake_source, lambda desk: desk.rows("n"))) == 2
    fake_source.documents, fake_source.seq = older
    assert at_desk(fake_source, lambda desk: desk.rows("n")) == [("a", 1, None)]


def test_a_build_goes_on_where_it_was_interrupted(
    fake_source: Any, at_desk: Any, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updater, "_BATCH", 2)
    fake_source.put(BY_N)
    for number in range(5):
        fake_source.put({"_id": f"a{number}", "n": number + 1})
    ask = engine.ask

    async def fails_at_the_third(parts: Sequence[bytes]) -> bytes:
        if len(engine.mapped) == 2:
            raise ConnectionError("the machine lost its power")
        return await ask(parts)

    engine.ask = fails_at_the_third
    with pytest.raises(ConnectionError):
        at_desk(fake_source, lambda desk: desk.rows("n"))
    engine.ask = ask
    assert [row[1] for row in at_desk(fake_source, lambda desk: desk.rows("n"))] == [1, 2, 3, 4, 5]
    assert engine.mapped == [1, 2, 2]


def test_large_documents_go_to_the_workers_in_small_numbers(
    fake_source: Any, at_desk: Any, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updater, "_CHARACTERS", 1000)
    fake_source.put(BY_N)
    for number in range(4):
        fake_source.put({"_id": f"a{number}", "n": 1, "text": "x" * 400})
    assert len(at_desk(fake_source, lambda desk: desk.rows("n"))) == 4
    assert engine.mapped == [2, 2]


def test_indexing_a_deleted_database_stops(fake_source: Any, at_desk: Any) -> None:
    async def work(desk: Any) -> None:
        fake_source.put(BY_N)
        fake_source.put({"_id": "a", "n": 1})
        await desk.rows("n")
        fake_source.put({"_id": "b", "n": 1})
        fake_source.removed = True
        desk.service.forget(fake_source)
        with pytest.raises(HttpError, match="Database does not exist"):
            await desk.rows("n")

    at_desk(fake_source, work)


def test_indexes_that_were_not_asked_for_lately_are_closed(
    fake_source: Any, at_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_OPEN_INDEXES", 3)
    fake_source.put({"_id": "a", "n": 1})

    async def work(desk: Any) -> int:
        for number in [*range(6), 0]:
            views = {"n": {"map": f"function (doc) {{ emit({number}); }}"}}
            fake_source.put({"_id": "_design/d", "views": views})
            assert await desk.rows("n") == [("a", number, None)]
        return len(desk.service._entries)

    assert at_desk(fake_source, work) == 3
