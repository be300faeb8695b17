"""How far an unfinished export has come, on disk: what a restart may rely on."""

import os
import zlib
from pathlib import Path

import msgspec

_BLOCK = 1024 * 1024


class ExportState(msgspec.Struct, frozen=True, kw_only=True):
    """The first `offset` bytes of the part file are durable, hold `rows` rows and have the checksum `crc32`.

    `last_id`: the last measurement in them; `households`: theirs, by pseudonym; `request` and `columns` say
    which export it is.
    """

    request: dict[str, str | None]
    columns: int
    offset: int
    rows: int
    crc32: int
    last_id: str | None
    households: tuple[str, ...]


def read_state(file: Path) -> ExportState | None:
    """The state in `file`; None where there is none or it cannot be understood."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=ExportState)
    except (FileNotFoundError, msgspec.DecodeError, msgspec.ValidationError):
        return None


def write_durably(file: Path, content: bytes) -> None:
    """Replace `file` in one step: after a power failure it holds the old or the new content, whole."""
    fresh = file.with_name(file.name + ".new")
    with fresh.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
