"""An export into a folder: resumable, and published in one step when it is whole.

While it grows its files end in `.part`, and `export.state` names what of them is durable. A later run of the
same export goes on there: whole files stay, measurements in a format of text go on in the middle,
other tables begin anew. The bytes are those of an uninterrupted run. `datapackage.json` is written last:
where it stands, the files beside it are complete and match.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from couch.durable import sync_to_disk
from couch.errors import Fault
from webapp.analyst.anonymity.statement import TooFewAlike
from webapp.analyst.export_anonymity import require_selected, require_whole
from webapp.analyst.export_ledger import Ledger
from webapp.analyst.export_package import FILE, DataFile, describe
from webapp.analyst.export_parts import STATE, Parts
from webapp.analyst.export_pieces import pieces
from webapp.analyst.export_request import ExportRequest
from webapp.analyst.export_state import ExportState, read_state, write_durably
from webapp.analyst.selection import TableName
from webapp.analyst.source import Source
from webapp.analyst.tables import COLUMNS_VERSION, TABLES

Progress = Callable[[float, int], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished export. `resumed_rows`: how many an earlier, interrupted run had written."""

    folder: Path
    package: Path
    files: tuple[DataFile, ...]
    resumed_rows: int

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def size(self) -> int:
        """In bytes, without the package."""
        return sum(file.size for file in self.files)


def export_to_folder(
    request: ExportRequest,
    folder: Path,
    source: Source,
    ledger: Ledger,
    *,
    progress: Progress = lambda _share, _rows: None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Exported:
    """Write the export of `request` into `folder`, going on where an earlier run was interrupted.

    `ledger` keeps what went out: before the package is there, so that no data set goes out unrecorded.
    `progress` hears the share that is done and the rows written. Raises TooFewAlike, Fault when the folder
    cannot be written, holds another export, or is in use; what `source` raises leaves parts to go on from.
    """
    require_selected(request, source)
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            _refuse_other_exports(request, folder)
            parts = Parts(folder, _stands(request, folder, ledger), monotonic)
            resumed = parts.rows
            try:
                for table in request.selection.tables:
                    _write(request, table, source, parts, progress)
            except BaseException:
                # Whatever ended it (Ctrl-C, the network): a later run goes on from what is whole.
                parts.interrupted()
                if made and not any(folder.iterdir()):
                    folder.rmdir()
                raise
            progress(1.0, parts.rows)
            return _publish(request, parts, folder, ledger, source, resumed=resumed)
    except OSError as err:
        raise Fault(
            f"the export cannot be written to {folder}: {(err.strerror or str(err)).lower()}. "
            "Give a folder that you may write to, with room for it; what is there already is kept."
        ) from err


def _write(
    request: ExportRequest, table: TableName, source: Source, parts: Parts, progress: Progress
) -> None:
    if table in parts.tables:
        return
    after, rows = parts.go_on(table)
    place, all_tables = request.selection.tables.index(table), len(request.selection.tables)
    for piece in pieces(request, table, source, after=after, rows=rows):
        parts.add(table, piece)
        if piece.moment is not None:
            progress((place + request.selection.share_done(piece.moment)) / all_tables, parts.rows)
    parts.table_is_whole(table)


def _stands(request: ExportRequest, folder: Path, ledger: Ledger) -> ExportState:
    """What an earlier run left; nothing where it has other columns, or holds a household that was erased."""
    fresh = ExportState(about=request.about(), columns=COLUMNS_VERSION)
    found = read_state(folder / STATE)
    if found is None or found.columns != COLUMNS_VERSION:
        return fresh
    erased = {each.household for each in ledger.withdrawals() if each.withdrawn == "erased"}
    return found if found.households.isdisjoint(erased) else fresh


def _refuse_other_exports(request: ExportRequest, folder: Path) -> None:
    """An export replaces only itself: another selection or format needs a folder of its own."""
    about = request.about()
    unfinished = read_state(folder / STATE)
    if unfinished is not None and unfinished.about != about:
        raise Fault(
            f"{folder} holds an unfinished export of {_words(unfinished.about)}: finish it by the command "
            f"that began it, delete {STATE} there, or give another folder with --out"
        )
    package = folder / FILE
    if package.exists():
        stands = _selection(package)
        if stands != about:
            words = _words(stands) if stands else "something else"
            raise Fault(f"{folder} holds an export of {words}: give another folder with --out")
        return
    strange = unfinished is None and next(_files_of_tables(folder), None)
    if strange:
        raise Fault(f"{folder} holds another export ({strange}): give another folder with --out")


def _files_of_tables(folder: Path) -> Iterator[str]:
    """Whole files that look like an export's, though no package says of which."""
    for top in sorted(folder.iterdir()):
        if top.name.split(".")[0] in TABLES:
            files = [top] if top.is_file() else [each for each in top.rglob("*") if each.is_file()]
            yield from (each.name for each in files if each.suffix != ".part")


def _selection(package: Path) -> dict[str, Any] | None:
    class Package(msgspec.Struct):
        selection: dict[str, Any]

    try:
        return msgspec.json.decode(package.read_bytes(), type=Package).selection
    except msgspec.DecodeError:
        return None


def _words(about: dict[str, Any]) -> str:
    tables = ", ".join(about.get("tables", ()))
    households = ", ".join(about.get("households", ()))
    named = f", household {households}" if households else ""
    return f"{tables} from {about.get('from')} to {about.get('to')} as {about.get('format')}{named}"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """The folder for us alone; given back, or lost with the process."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Fault(f"another export is writing to {folder}: wait for it or give another --out") from None
        yield
    finally:
        os.close(descriptor)


def _publish(
    request: ExportRequest, parts: Parts, folder: Path, ledger: Ledger, source: Source, *, resumed: int
) -> Exported:
    files = parts.files
    withdrawals = ledger.withdrawals()
    gone = {each.household for each in withdrawals if each.withdrawn == "erased"}
    if any(not gone.isdisjoint(file.households) for file in files):
        parts.forget()
        raise Fault("a household was erased while the export was written: run the same command again")
    try:
        anonymity = require_whole(request, source, files)
    except TooFewAlike:
        parts.forget()
        raise
    for file in files:
        ledger.record(request, file.sha256, file.households)
    package = folder / FILE
    package.unlink(missing_ok=True)  # from here on it would not match
    parts.publish()
    write_durably(package, describe(request, files, withdrawals, {"anonymity": anonymity.described()}))
    (folder / STATE).unlink(missing_ok=True)
    sync_to_disk(folder)
    return Exported(folder, package, files, resumed)
