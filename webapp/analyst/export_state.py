"""How far an unfinished export has come, on disk: what a restart may rely on."""

import os
import zlib
from pathlib import Path
from typing import Any

import msgspec

from couch.durable import sync_to_disk
from webapp.analyst.selection import TableName

_BLOCK = 1024 * 1024


class Growing(msgspec.Struct, frozen=True, kw_only=True):
    """The first `offset` bytes of a part file are durable, hold `rows` rows and have the checksum `crc32`.

    `last_id`: the last measurement in them; `households`: theirs, by pseudonym.
    """

    path: str
    offset: int
    rows: int
    crc32: int
    last_id: str
    households: tuple[str, ...]


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is whole and durable under its part's name; see `export_package.DataFile`."""

    table: TableName
    path: str
    rows: int
    size: int
    sha256: str
    households: tuple[str, ...]


class ExportState(msgspec.Struct, frozen=True, kw_only=True):
    """What an interrupted export has: files that are whole, and one that can go on.

    `about` and `columns` say which export it is; `tables`: those of which all files are whole.
    """

    about: dict[str, Any]
    columns: int
    finished: tuple[Finished, ...] = ()
    tables: tuple[TableName, ...] = ()
    growing: Growing | None = None

    @property
    def households(self) -> frozenset[str]:
        """Of which something is in it, by pseudonym."""
        files = (*self.finished, *((self.growing,) if self.growing else ()))
        return frozenset(name for file in files for name in file.households)


def read_state(file: Path) -> ExportState | None:
    """The state in `file`; None where there is none or it cannot be understood."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=ExportState)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def write_durably(file: Path, content: bytes) -> None:
    """Replace `file` in one step: after a power failure it holds the old or the new content, whole."""
    fresh = file.with_name(file.name + ".new")
    with fresh.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
    sync_to_disk(file.parent)


def checksum(file: Path, size: int) -> int | None:
    """CRC-32 of the first `size` bytes of a file; None where it is shorter or absent."""
    crc = 0
    try:
        with file.open("rb") as stream:
            while size and (block := stream.read(min(size, _BLOCK))):
                crc = zlib.crc32(block, crc)
                size -= len(block)
    except FileNotFoundError:
        return None
    return crc if size == 0 else None
