"""The worker processes: limits, replacement, and that nothing of them stays behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from couch.node.js.engine import JsEngine, JsError, Rejection

ROOT = Path(__file__).parents[4]
USER = {"name": "agent", "roles": ["agent"]}
LOOP = json.dumps({"validate_doc_update": "function () { while (true) {} }"})
GREEDY = json.dumps(
    {"validate_doc_update": "function () { var a = []; while (true) a.push('x'.repeat(100000) + a.length); }"}
)
TYPED = json.dumps({"validate_doc_update": "function (n) { if (!n.type) throw({forbidden: 'no type'}); }"})

pytestmark = pytest.mark.slow  # real processes


def run(work: Callable[[JsEngine], Awaitable[Any]], **options: Any) -> Any:
    async def whole() -> Any:
        engine = JsEngine(**options)
        await engine.start()
        try:
            return await work(engine)
        finally:
            await engine.close()

    return asyncio.run(whole())


def items(*docs: dict) -> str:
    return json.dumps([[doc, None] for doc in docs])


def workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "couch.node.js.worker" in child.cmdline()]


def test_verdicts_stand_in_the_order_of_the_documents() -> None:
    verdicts = run(lambda engine: engine.validate([TYPED], items({"type": 1}, {}, {"type": 2}), USER, {}))
    assert verdicts == [None, Rejection("forbidden", "no type"), None]


def test_the_first_validator_that_refuses_is_heard() -> None:
    named = json.dumps(
        {"validate_doc_update": "function (n) { if (!n.name) throw({forbidden: 'no name'}); }"}
    )
    verdicts = run(lambda engine: engine.validate([named, TYPED], items({}, {"name": 1}), USER, {}))
    assert verdicts == [Rejection("forbidden", "no name"), Rejection("forbidden", "no type")]


def test_without_validators_everything_is_allowed() -> None:
    assert run(lambda engine: engine.validate([], items({}, {}), USER, {})) == [None, None]


def test_a_validator_that_cannot_be_compiled_refuses_everything() -> None:
    broken = json.dumps({"validate_doc_update": "function ("})
    (verdict,) = run(lambda engine: engine.validate([broken], items({}), USER, {}))
    assert (verdict.kind, verdict.status) == ("compilation_error", 500)


def test_nothing_starts_before_it_is_needed_and_everything_ends() -> None:
    async def work(engine: JsEngine) -> tuple[int, int]:
        before = len(workers())
        await engine.validate([TYPED], items({}), USER, {})
        return before, len(workers())

    assert run(work) == (0, 1)
    assert workers() == []


def test_a_worker_that_takes_too_long_is_ended_and_others_go_on() -> None:
    async def work(engine: JsEngine) -> tuple[Any, Any, Any]:
        slow = asyncio.ensure_future(engine.validate([LOOP], items({}, {}), USER, {}))
        beside = await engine.validate([TYPED], items({}), USER, {})
        overdue = await slow
        return beside, overdue, await engine.validate([TYPED], items({}), USER, {})

    beside, overdue, after = run(work, time_limit_s=0.5)
    assert beside == after == [Rejection("forbidden", "no type")]
    assert overdue == [Rejection("os_process_error", "OS process timed out.")] * 2


def test_a_worker_that_takes_too_much_memory_is_replaced() -> None:
    async def work(engine: JsEngine) -> tuple[Any, Any]:
        refused = await engine.validate([GREEDY], items({}), USER, {})
        return refused, await engine.validate([TYPED], items({"type": 1}), USER, {})

    (refused,), after = run(work, workers=1, memory_limit_mb=16)
    assert refused.kind == "os_process_error"
    assert after == [None]


def test_a_caller_that_goes_away_does_not_leave_its_answer_to_the_next() -> None:
    async def work(engine: JsEngine) -> Any:
        call = asyncio.ensure_future(engine.validate([LOOP], items({}), USER, {}))
        await asyncio.wait([call], timeout=0.3)
        call.cancel()
        await asyncio.wait([call])
        return await engine.validate([TYPED], items({"type": 1}), USER, {})

    assert run(work, workers=1) == [None]


def test_a_worker_without_work_ends_after_a_while() -> None:
    async def work(engine: JsEngine) -> None:
        await engine.validate([TYPED], items({}), USER, {})
        _, alive = await asyncio.to_thread(psutil.wait_procs, workers(), timeout=10)
        assert alive == []

    run(work, idle_limit_s=0.05)


def test_a_worker_ends_with_a_node_that_was_killed_even_in_an_endless_loop() -> None:
    node = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import asyncio, sys; from couch.node.js.engine import JsEngine\n"
            "asyncio.run(JsEngine(time_limit_s=60).validate([sys.argv[1]], '[[{},null]]', {}, {}))",
            LOOP,
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    found: list[psutil.Process] = []
    while not found or found[0].cpu_times().user < 0.3:  # by then it is in the loop
        assert node.poll() is None
        found = psutil.Process(node.pid).children()
    node.send_signal(signal.SIGKILL)
    node.wait()
    _, alive = psutil.wait_procs(found, timeout=10)
    assert alive == []


def test_a_worker_inherits_no_secret() -> None:
    async def work(engine: JsEngine) -> dict[str, str]:
        await engine.validate([TYPED], items({}), USER, {})
        (worker,) = workers()
        return worker.environ()

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SURVEY_ADMIN_PASSWORD", "secret")
        assert "SURVEY_ADMIN_PASSWORD" not in run(work)


def test_a_filter_gets_the_request_and_the_user() -> None:
    design = json.dumps({"filters": {"own": "function (d, req) { return d.by === req.userCtx.name; }"}})
    docs = json.dumps([{"by": "agent"}, {"by": "page"}])
    assert run(lambda engine: engine.filter_docs(design, "own", docs, {"query": {}}, USER)) == [True, False]


def test_a_filter_that_throws_is_an_error_as_in_couchdb() -> None:
    design = json.dumps({"filters": {"bad": "function () { throw({forbidden: 'x'}); }"}})
    with pytest.raises(JsError) as caught:
        run(lambda engine: engine.filter_docs(design, "bad", "[{}]", {}, USER))
    assert (caught.value.status, caught.value.error) == (500, "error")


def test_a_view_filters_by_what_it_emits_for() -> None:
    design = json.dumps({"views": {"odd": {"map": "function (d) { if (d.n % 2) emit(d.n); }"}}})
    assert run(lambda engine: engine.filter_view(design, "odd", '[{"n":1},{"n":2}]')) == [True, False]


def test_more_documents_than_fit_at_once_are_judged_in_pieces() -> None:
    big = "x" * 1_500_000
    verdicts = run(lambda engine: engine.validate([TYPED], items(*[{"type": 1, "b": big}] * 4, {}), USER, {}))
    assert verdicts == [None] * 4 + [Rejection("forbidden", "no type")]
