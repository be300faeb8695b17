"""A ZIP archive that is sent while it is written: one file after the other, never whole in memory.

Python's zipfile writes to what cannot seek (the sizes then follow each file's data). Files stay below 2 GiB,
decades of measurements: without ZIP64 every unpacker reads them.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from webapp.outbox import Outbox

Pieces = Iterable[bytes]

_PIECE_BYTES = 64 * 1024
_LEVEL = 6


def zipped(files: Iterable[tuple[str, Pieces]], made_at: datetime) -> Iterator[bytes]:
    """The bytes of an archive of `files` (name, content in pieces), dated `made_at` on the reader's clock."""
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo  # noqa: PLC0415 - an idle page does without it

    outbox = Outbox()
    with ZipFile(outbox, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name, content in files:
            info = ZipInfo(name, made_at.timetuple()[:6])
            info.compress_type = ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            with archive.open(info, "w") as file:
                for piece in content:
                    file.write(piece)
                    if ready := outbox.take(_PIECE_BYTES):
                        yield ready
    yield outbox.take()
