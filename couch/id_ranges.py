"""`_all_docs` read page by page: memory holds one page, whatever the size of the database."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, cast

import msgspec

from couch.documents.fields import Json
from couch.transport import Transport


def id_range(
    transport: Transport,
    database: str,
    start: str | None,
    end: str | None,
    *,
    page: int,
    include_docs: bool,
    conflicts: bool = False,
) -> Iterator[Json]:
    """Rows from `start` to `end` (both belong to it) in the order of ids, without design documents."""
    params: dict[str, Any] = {"limit": page + 1, "include_docs": "true" if include_docs else "false"}
    if conflicts:
        params["conflicts"] = "true"
    if end is not None:
        params["end_key"] = _json(end)
    while True:
        if start is not None:
            params["start_key"] = _json(start)
        found = _rows(transport.request("GET", database, "_all_docs", params=params))
        yield from (row for row in found[:page] if not row["id"].startswith("_design/"))
        if len(found) <= page:
            return
        # The page's surplus row begins the next one: nothing is skipped when rows go in between.
        start = found[page]["id"]


def docs_of(transport: Transport, database: str, keys: Sequence[str]) -> Iterator[Json]:
    """The documents of these ids, in their order; absent and deleted ones are left out."""
    answer = transport.request(
        "POST",
        database,
        "_all_docs",
        params={"include_docs": "true"},
        body={"keys": list(keys)},
        repeatable=True,
    )
    yield from (row["doc"] for row in _rows(answer) if row.get("doc"))


def parts(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part


def _rows(answer: Json) -> list[Json]:
    return cast(list[Json], answer["rows"])


def _json(value: str) -> str:
    return msgspec.json.encode(value).decode()
