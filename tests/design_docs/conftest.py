"""Design functions from disk, run in QuickJS: a map with a recording `emit`, a validator with its verdict."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import quickjs

from couch.design_documents import load_design_document
from couch.node.js.sandbox import Sandbox

DESIGN_DOCS = Path(__file__).parents[2] / "design_docs"
Json = dict[str, Any]
MapRun = Callable[[str, Json], list[list[Any]]]
Validate = Callable[..., str | None]


@pytest.fixture(scope="session")
def run_map() -> MapRun:
    """`run_map("page/views/x", doc)` -> the emitted [key, value] pairs."""

    def run(view: str, doc: Json) -> list[list[Any]]:
        source = (DESIGN_DOCS / view / "map.js").read_text()
        context = quickjs.Context()
        context.eval("var rows = []; function emit(key, value) { rows.push([key, value]); }")
        context.eval(f"var map = ({source}\n);")
        return list(json.loads(context.eval(f"map({json.dumps(doc)}); JSON.stringify(rows)")))

    return run


@pytest.fixture(scope="session")
def validate() -> Validate:
    """`validate(doc, roles, consent, erased, old)` -> why it is refused, or None when the rules let it in."""
    sandbox, design = Sandbox(), load_design_document("rules")

    def judge(
        doc: Json,
        roles: list[str],
        consent: str | None = "granted",
        erased: bool = False,
        old: Json | None = None,
    ) -> str | None:
        security = {} if consent is None else {"consent": {"state": consent, "erased": erased}}
        verdict = sandbox.validate(design, doc, old, {"name": "x", "roles": roles, "db": "x"}, security)
        assert verdict is None or verdict.kind == "forbidden", verdict
        return None if verdict is None else str(verdict.reason)

    return judge
