"""`_all_docs` and its relatives: which rows are asked for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from couch.node.answers import bad_request, query_parse_error
from couch.node.parameters import boolean, count, json_parameter

_JSON_NAMES = ("key", "startkey", "start_key", "endkey", "end_key", "keys")
MAX_KEY = "\U0010ffff" * 8  # after every id


@dataclass(frozen=True, slots=True)
class AllDocsQuery:
    """Attributes: `start`, `end` ids in the direction of reading, None for open; `keys` None for a range."""

    keys: tuple[Any, ...] | None = None
    start: str | None = None
    end: str | None = None
    inclusive_end: bool = True
    descending: bool = False
    skip: int = 0
    limit: int | None = None
    include_docs: bool = False
    conflicts: bool = False
    update_seq: bool = False

    @classmethod
    def parse(cls, query: Mapping[str, str], body: Mapping[str, Any]) -> "AllDocsQuery":
        """From parameters in the address and, before them, in a body.

        Raises:
            HttpError: 400 where one of them cannot be understood.
        """
        given: dict[str, Any] = {
            name: json_parameter(query, name) if name in _JSON_NAMES else value
            for name, value in query.items()
        }
        given.update(body)
        keys = given.get("keys")
        if keys is not None and not isinstance(keys, list):
            raise bad_request(f"`keys` {'body member' if 'keys' in body else 'parameter'} must be an array.")
        descending = boolean(given.get("descending", False))
        bounds = _bounds(given)
        return cls(
            keys=None if keys is None else tuple(keys),
            start=bounds[0],
            end=bounds[1],
            inclusive_end=boolean(given.get("inclusive_end", True)),
            descending=descending,
            skip=count(given.get("skip", 0)),
            limit=None if given.get("limit") is None else count(given["limit"]),
            include_docs=boolean(given.get("include_docs", False)),
            conflicts=boolean(given.get("conflicts", False)),
            update_seq=boolean(given.get("update_seq", False)),
        )


def _bounds(given: Mapping[str, Any]) -> tuple[str | None, str | None]:
    if "key" in given:
        key = _id_bound(given["key"])
        return key, key
    start = given.get("startkey", given.get("start_key"))
    end = given.get("endkey", given.get("end_key"))
    first = None if start is None else _id_bound(start)
    last = None if end is None else _id_bound(end)
    return first, last


def _id_bound(value: Any) -> str:
    """Where a key stands among ids: numbers, booleans, null before all texts; lists and objects after."""
    if isinstance(value, str):
        return value
    return MAX_KEY if isinstance(value, list | dict) else ""


def parse_queries(body: Mapping[str, Any], query: Mapping[str, str]) -> list[AllDocsQuery]:
    """The queries of `_all_docs/queries`.

    Raises:
        HttpError: 400.
    """
    queries = body.get("queries")
    if queries is None:
        raise bad_request("POST body must include `queries` parameter.")
    if not isinstance(queries, list) or not all(isinstance(one, dict) for one in queries):
        raise query_parse_error("`queries` must be an array of objects.")
    return [AllDocsQuery.parse(query, one) for one in queries]
