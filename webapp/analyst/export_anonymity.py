"""Whether an export may go out: how alike its households are, judged before it is read and when it is whole.

Before, by everybody who is selected: who is in it can only become fewer. When it is whole, by those whose
readings really are in it.
"""

from collections.abc import Sequence

from couch.documents import Context
from webapp.analyst.anonymity.statement import Anonymity, check_regions, require
from webapp.analyst.export_package import DataFile
from webapp.analyst.export_request import ExportRequest
from webapp.analyst.selection import TableName
from webapp.analyst.source import Source
from webapp.analyst.tables import chosen_households

OF_READINGS: tuple[TableName, ...] = ("measurements", "intervals", "gaps")


def require_selected(request: ExportRequest, source: Source) -> None:
    """Raises TooFewAlike where too few are alike among all that are selected; Fault, CouchError."""
    check_regions(request.selection.regions, source.anonymity)
    require(request.selection.tables, _selected(request, source), source.anonymity, source.region_of)


def require_whole(request: ExportRequest, source: Source, files: Sequence[DataFile]) -> Anonymity:
    """How alike the households in finished files are. Raises TooFewAlike, CouchError."""
    of_readings = any(table in OF_READINGS for table in request.selection.tables)
    measured = {name for file in files if file.table in OF_READINGS for name in file.households}
    return require(
        request.selection.tables,
        _selected(request, source),
        source.anonymity,
        source.region_of,
        measured if of_readings else None,
    )


def _selected(request: ExportRequest, source: Source) -> list[Context]:
    households = chosen_households(request.selection, source)
    return [each for each in source.contexts() if households is None or each.household in households]
