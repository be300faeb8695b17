"""The files of a copy, written one after the other into a folder that appears when it is whole.

Mode 700 and 600: whoever is given the copy must be the participant. It grows beside its place under a hidden
name; what an interruption leaves there is never taken for a copy.
"""

import csv
import hashlib
import io
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from couch.documents import Json
from couch.durable import sync_to_disk
from couch.errors import Fault

_JSON = msgspec.json.Encoder()
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which spreadsheets begin formulas


@dataclass(slots=True)
class GrowingFile:
    """One file of the copy: what was written, and its checksum."""

    stream: io.BufferedWriter
    records: int = 0
    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> None:
        self.stream.write(data)
        self.size += len(data)
        self.digest.update(data)

    def json_line(self, doc: Json) -> None:
        self.write(_JSON.encode(doc) + b"\n")
        self.records += 1

    def csv_row(self, cells: Sequence[object], *, header: bool = False) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow([_harmless(cell) for cell in cells])
        self.write(text.getvalue().encode())
        self.records += not header


@dataclass(slots=True)
class CopyFolder:
    """The folder while it grows; `files` describes those that are whole."""

    path: Path
    files: list[Json] = field(default_factory=list)

    @contextmanager
    def file(self, name: str) -> Iterator[GrowingFile]:
        descriptor = os.open(self.path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            growing = GrowingFile(stream)
            yield growing
            stream.flush()
            os.fsync(stream.fileno())
        self.files.append(
            {
                "name": name,
                "records": growing.records,
                "bytes": growing.size,
                "sha256": growing.digest.hexdigest(),
            }
        )


@contextmanager
def copy_folder(out: Path) -> Iterator[CopyFolder]:
    """A folder that is at `out` when the block ends well, and nowhere when it does not. Raises Fault."""
    if out.exists():
        raise Fault(f"{out} is there already. A copy gets a new folder: give another one with --out.")
    try:
        out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = out.parent / f".{out.name}.{secrets.token_hex(4)}"
        beside.mkdir(mode=0o700)
        try:
            yield CopyFolder(beside)
            sync_to_disk(beside)
            beside.rename(out)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        sync_to_disk(out.parent)
    except OSError as err:
        why = (err.strerror or type(err).__name__).lower()
        raise Fault(
            f"the copy cannot be written to {out}: {why}. Give a folder that you may write to."
        ) from err


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
