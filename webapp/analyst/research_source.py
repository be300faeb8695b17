"""Where exports read from: kept months while they are what the database holds, else the database itself."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise

import pyarrow as pa

from couch.client import Server
from couch.documents import Context, Withdrawal
from couch.names import RESEARCH
from couch.research_pages import gap_pages, measurement_pages, month_starts
from webapp.analyst.anonymity.regions import RegionOf, unknown_region
from webapp.analyst.anonymity.settings import AnonymitySettings
from webapp.analyst.gap_batches import gap_batch
from webapp.analyst.kept_months import KeptMonths
from webapp.analyst.kept_reading import kept_gaps, kept_measurements, of_households
from webapp.analyst.measurement_batches import measurement_batch


class ResearchSource:
    """Research at the centre; see `webapp.analyst.source.Source`.

    `connect` gives a connection of the thread that calls it. `kept`: None: everything is read from the
    database.
    """

    def __init__(
        self,
        connect: Callable[[], Server],
        *,
        kept: KeptMonths | None = None,
        anonymity: AnonymitySettings | None = None,
        region_of: RegionOf = unknown_region,
    ) -> None:
        self._connect = connect
        self._kept = kept
        self.anonymity = anonymity or AnonymitySettings()
        self._region_of = region_of
        self._contexts: Sequence[Context] | None = None

    def measurements(
        self, start: datetime, end: datetime, households: frozenset[str] | None, after: str | None
    ) -> Iterator[pa.RecordBatch]:
        for low, high in _parts(start, end):
            kept = self._kept and self._kept.current(self._connect(), low, self._erased())
            if kept:
                yield from kept_measurements(kept.measurements, low, high, households, after)
                continue
            for page in measurement_pages(self._connect, low, high, after=after):
                yield of_households(measurement_batch(page), households)

    def gaps(
        self, start: datetime, end: datetime, households: frozenset[str] | None
    ) -> Iterator[pa.RecordBatch]:
        for low, high in _parts(start, end):
            kept = self._kept and self._kept.current(self._connect(), low, self._erased())
            if kept:
                yield from kept_gaps(kept.gaps, low, high, households)
                continue
            for page in gap_pages(self._connect, low, high):
                yield of_households(gap_batch(page), households)

    def contexts(self) -> Sequence[Context]:
        """As they were when they were asked for first: one export tells one story."""
        if self._contexts is None:
            docs = self._connect().database(RESEARCH).documents(start="context:", end="context;")
            self._contexts = tuple(map(Context.from_json, docs))
        return self._contexts

    def region_of(self, latitude: float, longitude: float) -> str | None:
        return self._region_of(latitude, longitude)

    def _erased(self) -> frozenset[str]:
        return erased_households(self._connect())


def erased_households(server: Server) -> frozenset[str]:
    """The pseudonyms of households of which research keeps nothing any more. Raises CouchError."""
    docs = server.database(RESEARCH).documents(start="withdrawal:", end="withdrawal;")
    return frozenset(Withdrawal.from_json(doc).household for doc in docs)


def _parts(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """[start, end) cut at the borders of months."""
    borders = [max(start, month) for month in month_starts(start, end)]
    yield from pairwise([*borders, end])
