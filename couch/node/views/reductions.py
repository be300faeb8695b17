"""Reductions as an answer to a query: pieces of JSON text in CouchDB's layout."""

from collections.abc import AsyncIterator

from couch.node.js.engine import JsEngine
from couch.node.views.grouping import reduce_groups
from couch.node.views.js_reduction import chunks, reduce_in_javascript
from couch.node.views.ranges import Range
from couch.node.views.reduction import builtin, is_builtin
from couch.node.views.rows import all_rows
from couch.node.views.threads import in_thread, read_in_thread
from couch.node.views.view_query import ViewQuery, sequence_member

_BATCH = 500  # groups read at once


async def reduce_answer(query: ViewQuery, engine: JsEngine) -> AsyncIterator[str]:
    """The answer piece by piece, without a newline at its end. Raises HttpError, JsError."""
    members = [*await in_thread(sequence_member, query), '"rows":[']
    pieces = _rows(query, engine)
    first = await anext(pieces, "")  # an error that shows at once is answered with its own status
    yield "{" + ",".join(members) + "\r\n" + first
    async for piece in pieces:
        yield f",\r\n{piece}"
    yield "\r\n]}"


async def _rows(query: ViewQuery, engine: JsEngine) -> AsyncIterator[str]:
    skip, limit = query.parameters.skip, query.parameters.limit
    if limit == 0:
        return
    for stretch in query.ranges:
        async for group, reduction in _groups(query, stretch, engine):
            if skip > 0:
                skip -= 1
                continue
            yield f'{{"key":{group},"value":{reduction}}}'
            if limit is not None:
                limit -= 1
                if limit == 0:
                    return


async def _groups(query: ViewQuery, stretch: Range, engine: JsEngine) -> AsyncIterator[tuple[str, str]]:
    function, level = query.view.reduce or "", query.parameters.level
    rows = all_rows(query, stretch)
    if is_builtin(function):
        make = builtin(function, descending=query.parameters.descending)
        groups: AsyncIterator[tuple[str, str]] = read_in_thread(reduce_groups(rows, level, make), _BATCH)
    else:
        groups = reduce_in_javascript(engine, function, chunks(rows, level))
    async for found in groups:
        yield found
