"""Where exports read from: the research databases of the centre."""

from collections.abc import Iterator

from couch.client import Server
from couch.documents import ResearchMeasurement
from couch.research import measurements
from webapp.analyst.export_pieces import Source
from webapp.analyst.export_request import ExportRequest


def research_source(server: Server) -> Source:
    """Measurements from `server`, read in the thread that uses them."""

    def read(request: ExportRequest, after: str | None) -> Iterator[ResearchMeasurement]:
        return measurements(server, request.start_at, request.end_at, after=after)

    return read
