"""An export into a folder: resumable, and published in one step when it is whole.

While it grows it is `measurements.<format>.part` beside `.part.state`, which names the last durable point.
A later run of the same export cuts the part there and goes on; the bytes are those of an uninterrupted run.
`datapackage.json` is written last: where it stands, the data file beside it is complete and matches.
"""

import fcntl
import hashlib
import io
import os
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from couch.errors import Fault
from webapp.analyst.export_ledger import Ledger
from webapp.analyst.export_package import FILE, about, data_file, describe
from webapp.analyst.export_pieces import Piece, Source, pieces
from webapp.analyst.export_request import FORMATS, ExportRequest
from webapp.analyst.export_rows import COLUMNS_VERSION
from webapp.analyst.export_state import ExportState, checksum, read_state, sync_folder, write_durably

_DURABLE_EVERY_S = 2.0  # real seconds of work that a crash may cost


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished export. `resumed_rows`: how many an earlier, interrupted run had written."""

    data: Path
    package: Path
    rows: int
    size: int
    sha256: str
    resumed_rows: int


@dataclass(slots=True)
class _Growing:
    """The part file and what is known of its content up to now."""

    stream: io.BufferedRandom
    state: Path
    request: ExportRequest
    offset: int = 0
    rows: int = 0
    crc32: int = 0
    last_id: str | None = None
    households: set[str] = field(default_factory=set)
    resumable: bool = False  # whether the content ends with a measurement, not with the format's own end

    def add(self, piece: Piece) -> None:
        self.stream.write(piece.data)
        self.offset += len(piece.data)
        self.rows += piece.rows
        self.crc32 = zlib.crc32(piece.data, self.crc32)
        self.last_id = piece.last_id or self.last_id
        self.households |= piece.households
        self.resumable = piece.last_id is not None

    def make_durable(self) -> None:
        """Data first, then the state that speaks of them."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        state = ExportState(
            request=about(self.request),
            columns=COLUMNS_VERSION,
            offset=self.offset,
            rows=self.rows,
            crc32=self.crc32,
            last_id=self.last_id,
            households=tuple(sorted(self.households)),
        )
        write_durably(self.state, msgspec.json.encode(state))


def export_to_folder(
    request: ExportRequest,
    folder: Path,
    source: Source,
    ledger: Ledger,
    *,
    progress: Callable[[float, int], None] = lambda _share, _rows: None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Exported:
    """Write the export of `request` into `folder`, going on where an earlier run was interrupted.

    `ledger` keeps what went out: before the package is there, so that no data set goes out unrecorded.
    `progress` hears the share of the time range done and the rows written. Raises Fault when the folder
    cannot be written, holds another export, or is in use; what `source` raises leaves a part to go on from.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_other_exports(request, folder)
        part = folder / f"{data_file(request)}.part"
        with _locked(part) as stream:
            growing = _go_on(stream, part, request)
            resumed = growing.rows
            try:
                _write(growing, source, progress, monotonic)
            except BaseException:
                if growing.last_id is None:  # nothing to go on from: leave nothing behind
                    part.unlink(missing_ok=True)
                raise
            return _publish(growing, part, folder, resumed, ledger)
    except OSError as err:
        raise Fault(
            f"the export cannot be written to {folder}: {(err.strerror or str(err)).lower()}. "
            "Give a folder that you may write to, with room for it; what is there already is kept."
        ) from err


def _refuse_other_exports(request: ExportRequest, folder: Path) -> None:
    """An export replaces only itself: another time range, household or format needs a folder of its own."""
    theirs = [name for name in FORMATS if name != request.format]
    for name in theirs:
        for file in (folder / f"measurements.{name}", folder / f"measurements.{name}.part"):
            if file.exists():
                raise Fault(f"{folder} holds another export ({file.name}): give another folder with --out")
    mine = folder / f"{data_file(request)}.part.state"
    found = read_state(mine)
    if found is not None and found.request != about(request):
        raise Fault(
            f"{folder} holds an unfinished export of {_words(found.request)}: finish it by the command that "
            f"began it, delete {data_file(request)}.part and .part.state there, or give another --out"
        )
    package = folder / FILE
    if package.exists():
        stands = _period(package)
        if stands != about(request):
            raise Fault(
                f"{folder} holds an export of {_words(stands) if stands else 'something else'}: "
                "give another folder with --out"
            )


def _period(package: Path) -> dict[str, str | None] | None:
    class Period(msgspec.Struct):
        period: dict[str, str | None]

    try:
        return msgspec.json.decode(package.read_bytes(), type=Period).period
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def _words(period: dict[str, str | None]) -> str:
    household = period.get("household")
    return f"{period.get('from')} to {period.get('to')}" + (f", household {household}" if household else "")


def _locked(part: Path) -> io.BufferedRandom:
    """The part file, opened for us alone."""
    stream = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.close()
        raise Fault(
            f"another export is writing to {part.parent}: wait for it or give another --out"
        ) from None
    return stream


def _go_on(stream: io.BufferedRandom, part: Path, request: ExportRequest) -> _Growing:
    """Cut the part at the last durable point; without one, or where the bytes changed since, at its start."""
    file = part.with_name(part.name + ".state")
    growing = _Growing(stream, file, request)
    state = read_state(file)
    if state is not None and state.columns == COLUMNS_VERSION and checksum(part, state.offset) == state.crc32:
        growing.offset, growing.rows = state.offset, state.rows
        growing.crc32, growing.last_id = state.crc32, state.last_id
        growing.households = set(state.households)
    stream.truncate(growing.offset)
    stream.seek(growing.offset)
    return growing


def _write(
    growing: _Growing,
    source: Source,
    progress: Callable[[float, int], None],
    monotonic: Callable[[], float],
) -> None:
    durable_at = monotonic()
    try:
        stream = pieces(growing.request, source, after=growing.last_id, rows=growing.rows)
        for piece in stream:
            growing.add(piece)
            if piece.slot is not None:
                progress(growing.request.share_done(piece.slot), growing.rows)
            if piece.last_id is not None and monotonic() - durable_at >= _DURABLE_EVERY_S:
                growing.make_durable()
                durable_at = monotonic()
    except BaseException:
        # Whatever ended it (Ctrl-C, the network): a later run goes on from the last whole piece.
        if growing.resumable:
            with suppress(OSError):
                growing.make_durable()
        raise
    progress(1.0, growing.rows)


def _publish(growing: _Growing, part: Path, folder: Path, resumed: int, ledger: Ledger) -> Exported:
    growing.stream.flush()
    os.fsync(growing.stream.fileno())
    growing.stream.seek(0)
    sha256 = hashlib.file_digest(growing.stream, "sha256").hexdigest()
    households = tuple(sorted(growing.households))
    withdrawals = ledger.withdrawals()
    ledger.record(growing.request, sha256, households)
    data, package = folder / data_file(growing.request), folder / FILE
    package.unlink(missing_ok=True)  # from here on it would not match
    part.replace(data)
    sync_folder(folder)
    described = describe(
        growing.request,
        rows=growing.rows,
        size=growing.offset,
        sha256=sha256,
        households=households,
        withdrawals=withdrawals,
    )
    write_durably(package, described)
    growing.state.unlink(missing_ok=True)
    return Exported(data, package, growing.rows, growing.offset, sha256, resumed)
