"""Rows of a view brought into groups, and reduced by CouchDB's own functions."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from couch.node.views.parameters import EXACT
from couch.node.views.reduction import Reducer

Row = tuple[str, str, str]  # id, key, value; the last two as JSON text


def group_of(level: int) -> Callable[[str], str]:
    """What gives the group of a key, both as JSON text: `null` at level 0, else the key or its beginning."""
    if level == 0:
        return lambda _key: "null"
    if level == EXACT:
        return lambda key: key

    def beginning(key: str) -> str:
        if not key.startswith("["):
            return key
        parts = msgspec.json.decode(key, type=list[msgspec.Raw])[:level]
        return f"[{','.join(bytes(part).decode() for part in parts)}]"

    return beginning


def reduce_groups(rows: Iterable[Row], level: int, make: Callable[[], Reducer]) -> Iterator[tuple[str, str]]:
    """(group, reduction) as JSON texts, in the order of the rows."""
    group_key = group_of(level)
    encode, decode = msgspec.json.encode, msgspec.json.decode
    current: str | None = None
    reducer = make()
    for _, key, value in rows:
        group = group_key(key)
        if group != current:
            if current is not None:
                yield current, encode(reducer.result()).decode()
            current, reducer = group, make()
        reducer.add(key, decode(value))
    if current is not None:
        yield current, encode(reducer.result()).decode()
