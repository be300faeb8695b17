"""Whether the files of a downloaded data set are those that its descriptor speaks of."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from couch.errors import Fault
from webapp.analyst.releases.checksums import size_and_sha256

DESCRIPTOR = "datapackage.json"


class _File(msgspec.Struct):
    path: str | list[str]
    bytes: int = 0
    hash: str = ""


class _Resource(_File):
    parts: tuple[_File, ...] = ()


class _Package(msgspec.Struct):
    resources: tuple[_Resource, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """`files` were compared. `faults`: what is wrong, in words; none: everything is as it was published."""

    files: int
    bytes: int
    faults: tuple[str, ...]


def check_folder(folder: Path) -> Checked:
    """Compare every file that `datapackage.json` in `folder` names. Raises Fault where it cannot be read."""
    package = _read(folder / DESCRIPTOR)
    files = list(_described(package))
    if not files:
        raise Fault(f"{folder / DESCRIPTOR} names no files with checksums: is it that of a data set?")
    faults, total = [], 0
    for path, size, sha256 in files:
        fault, found = _compare(folder, path, size, sha256)
        total += found
        if fault:
            faults.append(fault)
    return Checked(len(files), total, tuple(faults))


def _compare(folder: Path, path: str, size: int, sha256: str) -> tuple[str | None, int]:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        return f"{path} points out of the folder: do not use this data set", 0
    try:
        found, digest = size_and_sha256(folder / pure)
    except OSError as err:
        return f"{path} cannot be read: {(err.strerror or str(err)).lower()}; download it", 0
    if found != size:
        return f"{path} holds {found:,} bytes instead of {size:,}: download it again", found
    if digest != sha256:
        return f"{path} is not what was published: download it again", found
    return None, found


def _described(package: _Package) -> Iterator[tuple[str, int, str]]:
    """Path, size and SHA-256 of each file, in releases and in exports, whose tables may have parts."""
    for resource in package.resources:
        for part in resource.parts or (resource,):
            kind, _, digest = part.hash.partition(":")
            if kind == "sha256" and isinstance(part.path, str):
                yield part.path, part.bytes, digest


def _read(file: Path) -> _Package:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Package)
    except OSError as err:
        raise Fault(
            f"{file} cannot be read: {(err.strerror or str(err)).lower()}. "
            "Give the folder into which the data set was downloaded or unpacked."
        ) from err
    except msgspec.DecodeError as err:
        raise Fault(f"{file} describes no data set ({err}): download it again") from err
