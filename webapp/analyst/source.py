"""Where tables are read from: the months and contexts of research."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from couch.documents import Context
from webapp.analyst.anonymity.settings import AnonymitySettings


class Source(Protocol):
    """Research under pseudonyms, in batches that are never cut inside a measurement.

    `anonymity`: how finely households may be described in what goes out.
    """

    @property
    def anonymity(self) -> AnonymitySettings:
        """As the settings of the centre say."""

    def measurements(
        self, start: datetime, end: datetime, households: frozenset[str] | None, after: str | None
    ) -> Iterator[pa.RecordBatch]:
        """Rows of `measurements` with slots in [start, end), by slot and meter; `households` None: all.

        `after`: only measurements above this id (`measurement:<slot>:<meter>`).
        """

    def gaps(
        self, start: datetime, end: datetime, households: frozenset[str] | None
    ) -> Iterator[pa.RecordBatch]:
        """Rows of `gaps` whose first slot lies in [start, end), by first slot and meter."""

    def contexts(self) -> Sequence[Context]:
        """All contexts, by pseudonym."""

    def region_of(self, latitude: float, longitude: float) -> str | None:
        """The region that a place lies in; None: in none that is known."""
