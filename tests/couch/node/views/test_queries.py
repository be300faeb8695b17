"""Queries of views, against what CouchDB answered."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from couch.node.answers import HttpError
from couch.node.views import answering, js_reduction
from couch.node.views.parameters import from_url

RECORDED = json.loads(Path(__file__).with_name("recorded_queries.json").read_text())


def _without_revisions(answer: Any) -> Any:
    return json.loads(re.sub(r"\b(\d+-)[0-9a-f]{32}", r"\1<rev>", json.dumps(answer)))


async def _replay(desk: Any) -> list[Any]:
    for document in [RECORDED["design"], *RECORDED["documents"]]:
        desk.source.put(document)
    differences = []
    for case in RECORDED["queries"]:
        try:
            parameters = from_url(parse_qsl(case["query"]))
            status, answer = 200, _without_revisions(await desk.ask_with(case["view"], parameters))
        except HttpError as error:
            status, answer = error.status, {"error": error.error, "reason": error.reason}
        if (status, answer) != (case["status"], case["answer"]):
            differences.append((case["view"], case["query"], status, answer, case["answer"]))
    return differences


def test_queries_are_answered_as_couchdb_answered_them(fake_source: Any, at_desk: Any) -> None:
    assert at_desk(fake_source, _replay) == []


def test_small_pieces_and_chunks_do_not_change_an_answer(
    fake_source: Any, at_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "_PIECE", 1)
    monkeypatch.setattr(js_reduction, "_CHUNKS", 1)
    assert at_desk(fake_source, _replay) == []


def test_a_large_group_is_reduced_in_chunks(
    fake_source: Any, at_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(js_reduction, "_CHUNK_ROWS", 3)
    monkeypatch.setattr(js_reduction, "_REDUCTIONS", 2)
    source = "function (keys, values, rereduce) { return sum(values); }"

    async def work(desk: Any) -> list[Any]:
        fake_source.put(
            {
                "_id": "_design/d",
                "views": {"v": {"map": "function (doc) { emit([doc.n % 2, doc.n], 1); }", "reduce": source}},
            }
        )
        for number in range(50):
            fake_source.put({"_id": f"a{number:02}", "n": number})
        return await desk.rows("v", "group_level=1")

    assert at_desk(fake_source, work) == [([0], 25), ([1], 25)]


def test_the_sequence_of_an_answer_is_that_of_the_index(fake_source: Any, at_desk: Any) -> None:
    async def work(desk: Any) -> list[str]:
        fake_source.put(RECORDED["design"])
        first = await desk.ask("rows", "update_seq=true")
        fake_source.put({"_id": "a"})
        stale = await desk.ask("rows", "update_seq=true&update=false")
        fresh = await desk.ask("sum", "update_seq=true")
        return [answer["update_seq"].split("-")[0] for answer in (first, stale, fresh)]

    assert at_desk(fake_source, work) == ["1", "1", "2"]


def test_numbers_and_texts_come_out_as_javascript_wrote_them(fake_source: Any, at_desk: Any) -> None:
    async def work(desk: Any) -> list[Any]:
        values = "[1e21, 0.1 + 0.2, -0, 1.0, NaN, undefined, '\\u2028']"
        source = f"function () {{ emit('v', {values}); emit('\\ud83d'); }}"
        fake_source.put({"_id": "_design/d", "views": {"v": {"map": source}}})
        fake_source.put({"_id": "a"})
        return await desk.rows("v")

    assert at_desk(fake_source, work) == [
        ("a", "v", [1e21, 0.30000000000000004, 0, 1, None, None, "\u2028"]),
        ("a", "\ufffd", None),
    ]
