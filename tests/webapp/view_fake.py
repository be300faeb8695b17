"""A view's answer over documents in memory: our own map functions, CouchDB's order and reductions."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import quickjs

from couch.client import ViewRow
from couch.documents import Json
from couch.node.collation import collation_key

DESIGN_DOCS = Path(__file__).parents[2] / "design_docs"
_REDUCTIONS: Mapping[str, Callable[[list[Any]], Any]] = {
    "_count": len,
    "_stats": lambda values: {
        "sum": sum(values),
        "count": len(values),
        "min": min(values),
        "max": max(values),
    },
}


def answer(docs: Iterable[Json], design: str, view: str, params: Mapping[str, Any]) -> list[ViewRow]:
    """The rows of a query; of the parameters as many as the pages use."""
    by_id = {doc["_id"]: doc for doc in docs}
    rows = sorted(_mapped(design, view, by_id.values()), key=_place)
    rows = _between(rows[::-1] if params.get("descending") else rows, params)
    reduce = DESIGN_DOCS / design / "views" / view / "reduce.js"
    if reduce.exists() and params.get("reduce") is not False:
        return _reduced(rows, reduce.read_text().strip(), params)
    return [
        ViewRow(name, key, value, by_id[name] if params.get("include_docs") else None)
        for name, key, value in rows[: params.get("limit")]
    ]


_Row = tuple[str, Any, Any]  # id, key, value


def _place(row: _Row) -> tuple[bytes, str]:
    return collation_key(row[1]), row[0]


def _between(rows: list[_Row], params: Mapping[str, Any]) -> list[_Row]:
    down = bool(params.get("descending"))
    low = collation_key(params["start_key"]) if "start_key" in params else None
    high = collation_key(params["end_key"]) if "end_key" in params else None
    first_id = params.get("start_key_doc_id")

    def begun(row: _Row) -> bool:
        key = collation_key(row[1])
        if low is None or key == low:
            beside = first_id is None or row[0] == first_id or (row[0] > first_id) is not down
            return low is None or beside
        return (key > low) is not down

    def ended(row: _Row) -> bool:
        key = collation_key(row[1])
        return high is not None and key != high and (key > high) is not down

    return [row for row in rows if begun(row) and not ended(row)]


def _reduced(rows: list[_Row], name: str, params: Mapping[str, Any]) -> list[ViewRow]:
    level = params.get("group_level")
    if not params.get("group") and level is None:
        return [ViewRow(None, None, _REDUCTIONS[name]([row[2] for row in rows]))] if rows else []
    return [
        ViewRow(None, key, _REDUCTIONS[name]([row[2] for row in group]))
        for key, group in groupby(rows, key=lambda row: row[1][:level] if level else row[1])
    ]


@cache
def _map(design: str, view: str) -> Any:
    context = quickjs.Context()
    context.eval("var rows; function emit(key, value) { rows.push([key, value]); }")
    context.eval(f"var map = ({(DESIGN_DOCS / design / 'views' / view / 'map.js').read_text()}\n);")
    return context


def _mapped(design: str, view: str, docs: Iterable[Json]) -> Iterable[_Row]:
    context = _map(design, view)
    for doc in docs:
        emitted = json.loads(context.eval(f"rows = []; map({json.dumps(doc)}); JSON.stringify(rows)"))
        for key, value in emitted:
            yield doc["_id"], key, value
