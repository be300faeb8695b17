"""`_all_docs` and its relatives: which rows are asked for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from couch.node.answers import bad_request, query_parse_error
from couch.node.parameters import boolean, count, json_parameter

_JSON_NAMES = ("key", "startkey", "start_key", "endkey", "end_key", "keys")


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
        _refuse_reducing(given)
        if isinstance(body.get("limit"), str):
            raise query_parse_error(f'Invalid value for integer: <<"{body["limit"]}">>')
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
        # A key is a range of one.
        key = _id_bound(given["key"])
        return key, key
    return (
        _bound(given, "startkey", "start_key", "startkey_docid", "start_key_doc_id"),
        _bound(given, "endkey", "end_key", "endkey_docid", "end_key_doc_id"),
    )


def _bound(given: Mapping[str, Any], *names: str) -> str | None:
    for name in names:
        if name in given:
            return _id_bound(given[name])
    return None


def _id_bound(value: Any) -> str:
    """Where a key stands among ids: whatever is no text stands before all of them."""
    return value if isinstance(value, str) else ""


def _refuse_reducing(given: Mapping[str, Any]) -> None:
    if boolean(given.get("reduce", False)):
        raise query_parse_error("Reduce is invalid for map-only views.")
    if boolean(given.get("group", False)) or count(given.get("group_level", 0)):
        raise query_parse_error("Invalid use of grouping on a map view.")


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
    return [AllDocsQuery.parse(query, _as_range(one)) for one in queries]


def _as_range(query: Mapping[str, Any]) -> Mapping[str, Any]:
    """Among several queries, CouchDB answers a single key as a range."""
    keys = query.get("keys")
    if not isinstance(keys, list) or len(keys) != 1:
        return query
    return {**{name: value for name, value in query.items() if name != "keys"}, "key": keys[0]}
