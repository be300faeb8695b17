"""The reduce functions that CouchDB brings: pure, over the values (and keys) of a run of rows.

Each is a class with `add(key_text, doc_id, value)` and `result()`. They see the rows of one group in order.
Source: couch_query_servers.erl of CouchDB 3.5.
"""

from collections.abc import Callable
from typing import Any, Protocol

from couch.node.collation import collation_key
from couch.node.views.sums import Stats, Sum

MAX_RANK = 100
_RANKED = ("_top_", "_bottom_")


class Reducer(Protocol):
    """The reduction of one group of rows."""

    def add(self, key: str, value: Any) -> None:
        """Take the next row: its key as JSON text, its decoded value."""

    def result(self) -> Any:
        """The reduction of the rows taken, one at least."""


def is_builtin(source: str) -> bool:
    """Whether a reduce function is one of CouchDB's own; it goes by the beginning of the name, as there."""
    return source.startswith((*_BUILTINS, *_RANKED))


def rank_of(source: str) -> int | None:
    """The n of `_top_n` and `_bottom_n`, None for others. Raises ValueError where it is no number."""
    for name in _RANKED:
        if source.startswith(name):
            return int(source.removeprefix(name))
    return None


def builtin(source: str, *, descending: bool = False) -> Callable[[], Reducer]:
    """What makes reducers of this built-in function; `descending` where the rows come in reverse order."""
    rank = rank_of(source)
    if rank is not None:
        return lambda: _Ranked(rank, highest=source.startswith("_top_"))
    name = next(name for name in _BUILTINS if source.startswith(name))
    if descending and name in ("_first", "_last"):  # of the view's order, not of the query's
        name = "_last" if name == "_first" else "_first"
    return _BUILTINS[name]


class _Count:
    def __init__(self) -> None:
        self._count = 0

    def add(self, key: str, value: Any) -> None:
        self._count += 1

    def result(self) -> int:
        return self._count


class _Distinct:
    """Exact, where CouchDB estimates: the rows come in order, so equal keys stand side by side."""

    def __init__(self) -> None:
        self._last: str | None = None
        self._count = 0

    def add(self, key: str, value: Any) -> None:
        if key != self._last:
            self._last = key
            self._count += 1

    def result(self) -> int:
        return self._count


class _First:
    def __init__(self) -> None:
        self._values: list[Any] = []

    def add(self, key: str, value: Any) -> None:
        if not self._values:
            self._values.append(value)

    def result(self) -> Any:
        return self._values[0]


class _Last:
    def __init__(self) -> None:
        self._value: Any = None

    def add(self, key: str, value: Any) -> None:
        self._value = value

    def result(self) -> Any:
        return self._value


class _Ranked:
    """The n highest or lowest distinct values."""

    def __init__(self, rank: int, *, highest: bool) -> None:
        self._rank, self._highest = rank, highest
        self._values: dict[bytes, Any] = {}

    def add(self, key: str, value: Any) -> None:
        self._values.setdefault(collation_key(value), value)
        if len(self._values) > self._rank:
            del self._values[min(self._values) if self._highest else max(self._values)]

    def result(self) -> list[Any]:
        return [self._values[place] for place in sorted(self._values, reverse=self._highest)]


_BUILTINS: dict[str, Callable[[], Reducer]] = {
    "_sum": Sum,
    "_count": _Count,
    "_stats": Stats,
    "_approx_count_distinct": _Distinct,
    "_first": _First,
    "_last": _Last,
}
