"""An export as a stream of pieces of bytes, the same for files, downloads and archives. Constant memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from couch.documents import ResearchMeasurement
from webapp.analyst.export_formats import ENCODINGS
from webapp.analyst.export_request import ExportRequest
from webapp.analyst.export_rows import rows_of

_MEASUREMENTS = 1000  # in a piece

# The measurements of [start, end) in the order of their ids, those above the given id only.
Source = Callable[[ExportRequest, str | None], Iterator[ResearchMeasurement]]


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that follow what came before, with `rows` rows in them.

    `households`: whose measurements these are. `last_id`: an export that holds all up to here goes on after
    it; None: the piece belongs to the end.
    """

    data: bytes
    rows: int
    last_id: str | None
    slot: datetime | None
    households: frozenset[str] = frozenset()


def pieces(
    request: ExportRequest, source: Source, *, after: str | None = None, rows: int = 0
) -> Iterator[Piece]:
    """The export's bytes from the beginning, or after the measurement `after` when `rows` rows stand."""
    encoding = ENCODINGS[request.format]
    measurements = source(request, after)
    batch = list(islice(measurements, _MEASUREMENTS))  # before any byte: a source that fails, fails first
    if after is None and encoding.begin:
        yield Piece(encoding.begin, 0, None, None)
    while batch:
        wanted = batch
        if request.household is not None:
            wanted = [item for item in batch if item.household == request.household]
        found = rows_of(wanted)
        households = frozenset(row.household for row in found)
        yield Piece(encoding.encode(found, rows == 0), len(found), batch[-1].id, batch[-1].slot, households)
        rows += len(found)
        batch = list(islice(measurements, _MEASUREMENTS))
    if encoding.end:
        yield Piece(encoding.end, 0, None, None)
