"""A ZIP archive that is sent while it is written: one file after the other, never whole in memory.

Python's zipfile writes to what cannot seek (the sizes then follow each file's data). Files stay below 2 GiB,
decades of measurements: without ZIP64 every unpacker reads them.
"""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime

Pieces = Iterable[bytes]

_PIECE_BYTES = 64 * 1024
_LEVEL = 6


class _Outlet(io.RawIOBase):
    """Takes what the archive writes until it is taken away."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._held += data
        return len(data)

    def __len__(self) -> int:
        return len(self._held)

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken


def zipped(files: Iterable[tuple[str, Pieces]], made_at: datetime) -> Iterator[bytes]:
    """The bytes of an archive of `files` (name, content in pieces), dated `made_at` on the reader's clock."""
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo  # noqa: PLC0415 - an idle page does without it

    outlet = _Outlet()
    with ZipFile(outlet, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name, content in files:
            info = ZipInfo(name, made_at.timetuple()[:6])
            info.compress_type = ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            with archive.open(info, "w") as file:
                for piece in content:
                    file.write(piece)
                    if len(outlet) >= _PIECE_BYTES:
                        yield outlet.take()
    yield outlet.take()
