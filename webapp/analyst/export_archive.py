"""An export as one ZIP archive, streamed while it is read: the data file, then `datapackage.json`."""

import hashlib
import io
import zipfile
from collections.abc import Iterator

from webapp.analyst.export_ledger import Ledger
from webapp.analyst.export_package import FILE, data_file, describe
from webapp.analyst.export_pieces import Source, pieces
from webapp.analyst.export_request import ExportRequest

_OLDEST = (1980, 1, 1, 0, 0, 0)  # the time of every entry: the same data give the same bytes
_LEVEL = 3  # three times as fast as the usual 6, hardly larger
_FLUSH_BYTES = 256 * 1024


class _Outbox(io.RawIOBase):
    """What zipfile wrote since it was last emptied; it cannot be sought in, as an answer cannot."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]  # any buffer, as RawIOBase takes
        self._waiting += view
        return view.nbytes

    def take(self, least: int) -> bytes:
        """What waits, when it is at least `least` bytes."""
        if len(self._waiting) < least:
            return b""
        taken, self._waiting = bytes(self._waiting), bytearray()
        return taken


def archive(request: ExportRequest, source: Source, ledger: Ledger) -> Iterator[bytes]:
    """The archive's bytes. What `source` or `ledger` raises ends it before what makes it readable."""
    outbox = _Outbox()
    rows, size, digest, begun = 0, 0, hashlib.sha256(), False
    found: set[str] = set()
    with zipfile.ZipFile(outbox, "w") as bundle:
        with bundle.open(_entry(data_file(request)), "w", force_zip64=True) as data:
            for piece in pieces(request, source):
                data.write(piece.data)
                digest.update(piece.data)
                found |= piece.households
                rows, size = rows + piece.rows, size + len(piece.data)
                # The first bytes go out at once: whoever waits for them knows that the source answered.
                if ready := outbox.take(_FLUSH_BYTES if begun else 0):
                    begun = True
                    yield ready
        sha256, households = digest.hexdigest(), tuple(sorted(found))
        withdrawals = ledger.withdrawals()
        ledger.record(request, sha256, households)
        described = describe(
            request, rows=rows, size=size, sha256=sha256, households=households, withdrawals=withdrawals
        )
        bundle.writestr(_entry(FILE), described, compresslevel=_LEVEL)
    yield outbox.take(0)


def archive_name(request: ExportRequest) -> str:
    """The name under which browsers save it; no pseudonym in it, since names of files travel."""
    period = f"{request.first}-{request.end}".replace(":", "")  # no colon in a file's name
    return f"household-energy-{period}-{request.format}.zip"


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _OLDEST)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    entry._compresslevel = _LEVEL  # type: ignore[attr-defined]  # open() takes it from here alone
    return entry
