"""Which stretch of a view's rows a query means, as conditions of SQL over (sort, id).

Ids are TEXT, compared by their bytes; HIGHEST_ID is a BLOB, which SQLite sorts after every TEXT.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from couch.node.answers import HttpError
from couch.node.views.parameters import UNSET, QueryParameters

LOWEST_ID = ""
HIGHEST_ID = b"\xff"
_REVERSE = "No rows can match your key range, reverse your start_key and end_key or set descending="
# CouchDB adds a hash of the place in its program where it found this out; 3.5.0 always gives these.
_REFERENCES = {False: 72864418, True: 1505073861}

Bound = tuple[bytes, "str | bytes"]  # sort key, document id


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of rows in the direction of the query; None where it is open."""

    start: Bound | None
    end: Bound | None
    end_inclusive: bool
    descending: bool

    def condition(self) -> tuple[str, list[Any]]:
        """The rows of this stretch."""
        parts, values = [], list[Any]()
        if self.start is not None:
            parts.append(f" AND (sort, id) {'<=' if self.descending else '>='} (?, ?)")
            values += self.start
        if self.end is not None:
            operator = (">" if self.descending else "<") + ("=" if self.end_inclusive else "")
            parts.append(f" AND (sort, id) {operator} (?, ?)")
            values += self.end
        return "".join(parts), values

    def before(self) -> tuple[str, list[Any]]:
        """The rows that come before this stretch."""
        if self.start is None:
            return " AND 0", []
        return f" AND (sort, id) {'>' if self.descending else '<'} (?, ?)", [*self.start]

    @property
    def order(self) -> str:
        """In both directions the values of one document under one key stand in the same order."""
        return "sort DESC, id DESC, n" if self.descending else "sort, id, n"


def ranges_of(
    parameters: QueryParameters, sort_key: Callable[[Any], bytes], *, reduces: bool
) -> Iterator[Range]:
    """The stretches of a query in order: one, or one for each of `keys`.

    As in CouchDB `descending` turns the order of `keys` around, but not where the answer `reduces`.

    Raises:
        HttpError: 400 where start and end are the wrong way round.
    """
    if parameters.keys is not None:
        keys = reversed(parameters.keys) if parameters.descending and not reduces else parameters.keys
        for key in keys:
            yield _range(parameters, sort_key(key), sort_key(key))
        return
    start = None if parameters.start_key is UNSET else sort_key(parameters.start_key)
    end = None if parameters.end_key is UNSET else sort_key(parameters.end_key)
    if start is not None and end is not None and start != end and (start > end) != parameters.descending:
        reason = _REVERSE + ("false" if parameters.descending else "true")
        raise HttpError(400, "query_parse_error", reason, extra={"ref": _REFERENCES[parameters.descending]})
    yield _range(parameters, start, end)


def _range(parameters: QueryParameters, start: bytes | None, end: bytes | None) -> Range:
    descending = parameters.descending
    first_id, last_id = (HIGHEST_ID, LOWEST_ID) if descending else (LOWEST_ID, HIGHEST_ID)
    start_id: str | bytes = first_id if parameters.start_key_doc_id is None else parameters.start_key_doc_id
    end_id: str | bytes = last_id if parameters.end_key_doc_id is None else parameters.end_key_doc_id
    if not parameters.inclusive_end and parameters.end_key_doc_id is None:
        end_id = first_id  # the end key's rows are out, all of them
    return Range(
        None if start is None else (start, start_id),
        None if end is None else (end, end_id),
        parameters.inclusive_end,
        descending,
    )
