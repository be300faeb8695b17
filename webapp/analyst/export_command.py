"""`survey export`: an export from the command line, with a progress bar where somebody watches."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import msgspec

from couch.clock import clock_from_environment
from couch.errors import Fault, Unreachable
from webapp.analyst.anonymity.regions import RegionOf, unknown_region
from webapp.analyst.export_folder import Exported, export_to_folder
from webapp.analyst.export_ledger import ResearchLedger
from webapp.analyst.export_request import ExportRequest, check_household
from webapp.analyst.kept_months import KeptMonths
from webapp.analyst.progress_bar import progress_bar
from webapp.analyst.research_source import ResearchSource
from webapp.settings import load_centre_web


class Summary(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    folder: str
    package: str
    files: tuple[str, ...]
    rows: int
    bytes: int
    resumed_rows: int


def run(
    request: ExportRequest,
    folder: Path,
    config: Path,
    environ: Mapping[str, str],
    regions: Callable[[Path], RegionOf] | None = None,
) -> Exported:
    """Write the export; an earlier, interrupted run of the same export is continued. Raises Fault."""
    settings = load_centre_web(config, environ)
    connect = partial(settings.couchdb.server, timeout_s=settings.timeout_s)
    server = connect()
    check_household(server, request)
    ledger = ResearchLedger(server, clock_from_environment(dict(environ)))
    source = ResearchSource(
        connect,
        kept=KeptMonths(settings.kept_folder) if settings.kept_folder else None,
        anonymity=settings.anonymity,
        region_of=regions(settings.geodata) if regions else unknown_region,
    )
    with progress_bar("exporting") as progress:
        try:
            return export_to_folder(request, folder, source, ledger, progress=progress)
        except Unreachable as err:
            raise Fault(f"{err} Run the same command again: the export goes on where it stopped.") from err


def in_words(done: Exported) -> str:
    """A line for people."""
    before = f", {done.resumed_rows:,} of them by an earlier run" if done.resumed_rows else ""
    what = str(done.folder / done.files[0].path) if len(done.files) == 1 else f"{len(done.files)} files"
    where = "" if len(done.files) == 1 else f" in {done.folder}"
    return (
        f"{what}{where}: {done.rows:,} rows ({done.size:,} bytes{before}), described in {done.package.name}"
    )


def in_json(done: Exported) -> str:
    """A line for scripts."""
    summary = Summary(
        str(done.folder),
        str(done.package),
        tuple(file.path for file in done.files),
        done.rows,
        done.size,
        done.resumed_rows,
    )
    return msgspec.json.encode(summary).decode()
