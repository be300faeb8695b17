"""Design functions from disk, run in QuickJS: a map with a recording `emit`, a validator with its verdict."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import quickjs

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
    """`validate(doc, roles, consent, erased)` -> why it is refused, or None when the rules let it in."""
    context = quickjs.Context()
    source = (DESIGN_DOCS / "rules" / "validate_doc_update.js").read_text()
    context.eval(f"var rules = ({source}\n);")
    context.eval(
        "function judge(doc, user, security) {"
        " try { rules(doc, null, user, security); return 'null'; }"
        " catch (thrown) { return JSON.stringify(thrown.forbidden || String(thrown)); } }"
    )

    def judge(
        doc: Json, roles: list[str], consent: str | None = "granted", erased: bool = False
    ) -> str | None:
        security = {} if consent is None else {"consent": {"state": consent, "erased": erased}}
        user = {"name": "x", "roles": roles, "db": "household-x"}
        answer = context.eval(f"judge({json.dumps(doc)}, {json.dumps(user)}, {json.dumps(security)})")
        reason = json.loads(answer)
        return None if reason is None else str(reason)

    return judge
