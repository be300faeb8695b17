"""One query of one view, ready to be answered: parameters that fit, and what to read from."""

import sqlite3
from dataclasses import dataclass

from couch.node.sequences import plain_sequence
from couch.node.views.definition import View
from couch.node.views.index import Index, read_state
from couch.node.views.parameters import QueryParameters
from couch.node.views.ranges import Range, ranges_of
from couch.node.views.source import ViewSource


@dataclass(frozen=True, slots=True)
class ViewQuery:
    """What a query reads: `connection` sees one state of `index`; `ranges` are its stretches in order."""

    index: Index
    connection: sqlite3.Connection
    source: ViewSource
    view: View
    parameters: QueryParameters
    ranges: tuple[Range, ...]

    @property
    def reduces(self) -> bool:
        """Whether the answer holds reductions instead of rows."""
        return self.parameters.reduces(self.view)


def stretches(index: Index, view: View, parameters: QueryParameters) -> tuple[Range, ...]:
    """The rows that the parameters mean. Raises HttpError 400 where start and end are the wrong way round."""
    return tuple(ranges_of(parameters, index.sort_key(view.map), reduces=parameters.reduces(view)))


def sequence_member(query: ViewQuery) -> list[str]:
    """The member `update_seq` of the answer, where it was asked for. Blocks."""
    if not query.parameters.update_seq:
        return []
    return [f'"update_seq":"{plain_sequence(read_state(query.connection).update_seq)}"']
