"""Searching files for many byte strings at once: one pass, memory that does not grow with the files.

What lies between the bytes is taken out first where that is known: CouchDB begins each block of 4,096 bytes
of its files with a byte of its own (couch_file.erl, SIZE_BLOCK), in the middle of a name if need be.
Compressed logs and archives are looked into. Automaton: Aho and Corasick 1975.
"""

import gzip
import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from ahocorasick_rs import BytesAhoCorasick, Implementation

from couch.errors import Fault

_BLOCK = 4096
_CHUNK = 1024 * _BLOCK
_SMALL = 100_000  # bytes of needles; the quicker automaton takes up to a kilobyte for each
_COUCH_FILES = (".couch", ".view", ".compact", ".compact.data", ".compact.meta")

Streams = Iterator[bytes]


@dataclass(slots=True)
class Findings:
    """What one pass found: how often each needle lies where, and how much was read."""

    hits: dict[Path, Counter[int]] = field(default_factory=dict)  # by file: how often, by the needle's index
    files: int = 0
    bytes: int = 0

    def of_needle(self) -> Counter[int]:
        total: Counter[int] = Counter()
        for counts in self.hits.values():
            total.update(counts)
        return total


class ByteSearch:
    """Looks for needles; those that are equal, or empty, must not be given."""

    def __init__(self, needles: Sequence[bytes]) -> None:
        small = sum(map(len, needles)) <= _SMALL
        self._automaton = BytesAhoCorasick(needles, implementation=Implementation.DFA if small else None)
        self._overlap = max(map(len, needles), default=1) - 1

    def in_stream(self, chunks: Iterable[bytes]) -> Counter[int]:
        """How often each needle lies in what the chunks make up, also across their borders."""
        found: Counter[int] = Counter()
        kept = b""
        for chunk in chunks:
            window = kept + chunk
            for needle, _start, end in self._automaton.find_matches_as_indexes(window, overlapping=True):
                if end > len(kept):
                    found[needle] += 1
            kept = window[-self._overlap :] if self._overlap else b""
        return found

    def in_files(self, files: Iterable[Path], told: Callable[[Findings], None] = lambda _: None) -> Findings:
        """Search files. One that vanishes meanwhile held nothing that is there now. Raises Fault."""
        findings = Findings()
        for file in files:
            found: Counter[int] = Counter()
            with _reasons(file):
                for stream in _streams_of(file):
                    found += self.in_stream(_counted(stream, findings))
                findings.files += 1
            if found:
                findings.hits[file] = found
            told(findings)
        return findings


def files_below(places: Iterable[Path]) -> Iterator[Path]:
    """Every regular file in the folders, hidden ones too, each once; a place may be a file."""
    seen: set[tuple[int, int]] = set()
    for place in places:
        for path in [place] if place.is_file() else _walked(place):
            try:
                state = path.stat()
            except FileNotFoundError:
                continue
            if path.is_file() and (state.st_dev, state.st_ino) not in seen:
                seen.add((state.st_dev, state.st_ino))
                yield path


def _walked(place: Path) -> Iterator[Path]:
    def refused(err: OSError) -> None:
        if not isinstance(err, FileNotFoundError):
            raise _unreadable(Path(err.filename), err)

    for folder, _folders, names in os.walk(place, onerror=refused):
        for name in sorted(names):
            yield Path(folder, name)


def _streams_of(file: Path) -> Iterator[Streams]:
    """The file as it lies there, and what is packed in it."""
    if file.name.endswith(_COUCH_FILES):
        yield map(_without_marks, _read(file.open("rb")))
        return
    yield _read(file.open("rb"))
    if file.suffix == ".gz":
        yield _read(cast(IO[bytes], gzip.GzipFile(file)))
    elif zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                yield _read(archive.open(member))


def _read(opened: IO[bytes]) -> Streams:
    with opened:
        while chunk := opened.read(_CHUNK):
            yield chunk


def _without_marks(chunk: bytes) -> bytes:
    """A piece of a CouchDB file that begins with a block, without the first byte of each block."""
    return b"".join(chunk[start + 1 : start + _BLOCK] for start in range(0, len(chunk), _BLOCK))


def _counted(stream: Streams, findings: Findings) -> Iterator[bytes]:
    for chunk in stream:
        findings.bytes += len(chunk)
        yield chunk


@contextmanager
def _reasons(file: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        return
    except (
        EOFError,
        zlib.error,
        gzip.BadGzipFile,
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
    ) as err:
        raise Fault(
            f"{file} is packed and cannot be looked into ({err}). Unpack it or move it away."
        ) from err
    except OSError as err:
        raise _unreadable(file, err) from err


def _unreadable(path: Path, err: OSError) -> Fault:
    why = (err.strerror or type(err).__name__).lower()
    return Fault(
        f"{path} cannot be searched: {why}. Run this as a user who may read the engine's files, or as root."
    )
