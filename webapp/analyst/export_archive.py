"""An export as one ZIP archive, streamed while it is read: the data files, then `datapackage.json`."""

import hashlib
import zipfile
from collections.abc import Iterator
from itertools import chain, groupby
from typing import Self

from couch.errors import Unreachable
from webapp.analyst.export_anonymity import require_selected, require_whole
from webapp.analyst.export_ledger import Ledger
from webapp.analyst.export_package import FILE, DataFile, describe
from webapp.analyst.export_pieces import Piece, pieces
from webapp.analyst.export_request import ExportRequest
from webapp.analyst.selection import TableName
from webapp.analyst.source import Source
from webapp.outbox import Outbox

_OLDEST = (1980, 1, 1, 0, 0, 0)  # the time of every entry: the same data give the same bytes
_LEVEL = 1  # of texts: three times as fast as the usual 6, a seventh larger
_FLUSH_BYTES = 256 * 1024


class _Entry:
    """A file of the archive while it is written."""

    def __init__(self, bundle: zipfile.ZipFile, table: TableName, path: str) -> None:
        self._table, self._path = table, path
        self._stream = bundle.open(_entry(path), "w", force_zip64=True)
        self._rows, self._size, self._digest = 0, 0, hashlib.sha256()
        self._households: set[str] = set()

    def add(self, piece: Piece) -> None:
        self._stream.write(piece.data)
        self._digest.update(piece.data)
        self._households |= piece.households
        self._rows, self._size = self._rows + piece.rows, self._size + len(piece.data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def file(self) -> DataFile:
        return DataFile(
            self._table,
            self._path,
            self._rows,
            self._size,
            self._digest.hexdigest(),
            tuple(sorted(self._households)),
        )


def archive(request: ExportRequest, source: Source, ledger: Ledger) -> Iterator[bytes]:
    """The archive's bytes. What `source` or `ledger` raises ends it before what makes it readable.

    Raises TooFewAlike, as a rule before the first byte; where only the readings tell, it is never readable.
    """
    require_selected(request, source)
    outbox, begun = Outbox(), False
    files: list[DataFile] = []
    with zipfile.ZipFile(outbox, "w") as bundle:
        for table in request.selection.tables:
            for _file, run in groupby(pieces(request, table, source), key=lambda piece: piece.file):
                first = next(run)  # a source that fails does so before the entry begins
                with _Entry(bundle, table, first.file) as entry:
                    for piece in chain([first], run):
                        entry.add(piece)
                        # The first bytes go out at once: whoever waits knows that the source answered.
                        if ready := outbox.take(_FLUSH_BYTES if begun else 0):
                            begun = True
                            yield ready
                files.append(entry.file())
        withdrawals = ledger.withdrawals()
        gone = {each.household for each in withdrawals if each.withdrawn == "erased"}
        if any(not gone.isdisjoint(file.households) for file in files):
            raise Unreachable("a household was erased while the export was read: download it once more")
        anonymity = require_whole(request, source, files)
        for file in files:
            ledger.record(request, file.sha256, file.households)
        described = describe(request, files, withdrawals, {"anonymity": anonymity.described()})
        bundle.writestr(_entry(FILE), described, compresslevel=_LEVEL)
    yield outbox.take(0)


def archive_name(request: ExportRequest) -> str:
    """The name under which browsers save it; no pseudonym in it, since names of files travel."""
    period = f"{request.first}-{request.end}".replace(":", "")  # no colon in a file's name
    return f"household-energy-{period}-{request.format}.zip"


def _entry(name: str) -> zipfile.ZipInfo:
    """Texts are compressed; Parquet files are already."""
    entry = zipfile.ZipInfo(name, _OLDEST)
    entry.external_attr = 0o644 << 16
    if not name.endswith(".parquet"):
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry._compresslevel = _LEVEL  # type: ignore[attr-defined]  # open() takes it from here alone
    return entry
