"""`survey export`: an export from the command line, with a progress bar where somebody watches."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from couch.clock import clock_from_environment
from couch.errors import Fault, Unreachable
from webapp.analyst.export_folder import Exported, export_to_folder
from webapp.analyst.export_ledger import ResearchLedger
from webapp.analyst.export_request import ExportRequest, check_household
from webapp.analyst.research_source import research_source
from webapp.settings import load_centre_web


class Summary(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    data: str
    package: str
    rows: int
    bytes: int
    sha256: str
    resumed_rows: int


def run(request: ExportRequest, folder: Path, config: Path, environ: Mapping[str, str]) -> Exported:
    """Write the export; an earlier, interrupted run of the same export is continued. Raises Fault."""
    settings = load_centre_web(config, environ)
    server = settings.couchdb.server(timeout_s=settings.timeout_s)
    check_household(server, request)
    ledger = ResearchLedger(server, clock_from_environment(dict(environ)))
    with _progress() as progress:
        try:
            return export_to_folder(request, folder, research_source(server), ledger, progress=progress)
        except Unreachable as err:
            raise Fault(f"{err} Run the same command again: the export goes on where it stopped.") from err


def in_words(done: Exported) -> str:
    """A line for people."""
    before = f", {done.resumed_rows:,} of them by an earlier run" if done.resumed_rows else ""
    return f"{done.data}: {done.rows:,} rows ({done.size:,} bytes{before}), described in {done.package.name}"


def in_json(done: Exported) -> str:
    """A line for scripts."""
    summary = Summary(str(done.data), str(done.package), done.rows, done.size, done.sha256, done.resumed_rows)
    return msgspec.json.encode(summary).decode()


@contextmanager
def _progress() -> Iterator[Callable[[float, int], None]]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _share, _rows: None
        return
    from rich.console import Console  # noqa: PLC0415 - scripts need no bar
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("exporting"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("export", total=1.0, rows=0)
        yield lambda share, rows: bar.update(task, completed=share, rows=rows)
