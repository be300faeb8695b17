"""The folder of published data sets: `<name>/<version>/`, whole or not there, and never changed.

A version is built in `<name>/.making/` and appears by one rename. It is withdrawn by writing
`<name>/<version>.withdrawn.json`: from then on it is gone, whether its files are deleted already or not. So
whatever is interrupted, each version is either there, or gone for good; `tidy` deletes what is left lying.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from couch.durable import sync_to_disk
from couch.errors import Fault
from webapp.analyst.export_state import write_durably
from webapp.analyst.releases.record import ReleaseRecord, WithdrawnVersion, check_name
from webapp.translation import gettext

_RECORD = "release.json"
_MAKING = ".making"
_LOCK = ".lock"
_WITHDRAWN = ".withdrawn.json"
S = TypeVar("S", ReleaseRecord, WithdrawnVersion)

Version = ReleaseRecord | WithdrawnVersion


class ReleaseStore:
    """The data sets below `folder`, which need not be there yet. Threads and processes may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # By their files: a damaged version may be deleted by hand, and its number be given again.
        self._records: dict[tuple[Path, int, int], ReleaseRecord] = {}

    def names(self) -> list[str]:
        """The data sets of which a version was ever published."""
        if not self.folder.is_dir():
            return []
        return sorted(each.name for each in self.folder.iterdir() if self._numbers(each.name))

    def versions(self, name: str) -> list[Version]:
        """All versions of a data set, the newest first."""
        found = (self.find(name, number) for number in sorted(self._numbers(name), reverse=True))
        return [each for each in found if each is not None]

    def find(self, name: str, number: int) -> Version | None:
        """A version; None: there never was one."""
        gone = _read(self._tombstone(name, number), WithdrawnVersion)
        return gone or self._record(self._of(name, number) / _RECORD)

    def newest(self, name: str, above: int = 0) -> ReleaseRecord | None:
        """The newest version that stands, if its number is larger than `above`."""
        standing = (each for each in self.versions(name) if isinstance(each, ReleaseRecord))
        return next((each for each in standing if each.version > above), None)

    def standing(self) -> list[ReleaseRecord]:
        """Every version that stands, of all data sets."""
        return [
            each for name in self.names() for each in self.versions(name) if isinstance(each, ReleaseRecord)
        ]

    def path(self, record: ReleaseRecord, path: str) -> Path | None:
        """Where a file of a version lies; None where the version has no such file."""
        return None if record.file(path) is None else self._of(record.name, record.version) / path

    # --- making and publishing

    @contextmanager
    def making(self, name: str) -> Iterator[tuple[int, Path]]:
        """The number of the next version and an empty folder for its files, deleted unless published.

        Raises Fault while somebody else makes one, and where nothing can be written.
        """
        place = self.folder / check_name(name)
        try:
            place.mkdir(parents=True, exist_ok=True)
            with _locked(place / _LOCK, name):
                folder = place / _MAKING
                shutil.rmtree(folder, ignore_errors=True)  # of a run that was interrupted
                folder.mkdir()
                try:
                    yield max(self._numbers(name), default=0) + 1, folder
                finally:
                    shutil.rmtree(folder, ignore_errors=True)
        except OSError as err:
            raise Fault(
                gettext(
                    "the data set cannot be written to %(folder)s: %(reason)s. Set releases_folder to a "
                    "folder that this account may write to, with room; published versions stay as they are",
                    folder=str(place),
                    reason=(err.strerror or str(err)).lower(),
                )
            ) from err

    def publish(self, record: ReleaseRecord) -> None:
        """Turn the folder that `making` gave into the version of `record`: durable when this returns."""
        made = self.folder / record.name / _MAKING
        (made / _RECORD).write_bytes(msgspec.json.encode(record))
        for file in sorted(made.rglob("*")):
            if file.is_file():
                file.chmod(0o444)  # a published file is never changed
                sync_to_disk(file)
        for folder in (made, *(each for each in made.rglob("*") if each.is_dir())):
            sync_to_disk(folder)
        made.rename(self._of(record.name, record.version))
        sync_to_disk(made.parent)

    # --- withdrawing

    def withdraw(self, record: ReleaseRecord, at: datetime, *, erased: int, revoked: int) -> None:
        """The version is gone: durably so before its files are deleted. Again: nothing is left to do."""
        gone = WithdrawnVersion(
            name=record.name,
            version=record.version,
            published_at=record.published_at,
            withdrawn_at=at,
            erased=erased,
            revoked=revoked,
            withdrawals=record.withdrawals,
        )
        tombstone = self._tombstone(record.name, record.version)
        if not tombstone.exists():
            write_durably(tombstone, msgspec.json.encode(gone))
        self._delete(record.name, record.version)

    def tidy(self) -> None:
        """Delete what is left of versions that were withdrawn."""
        for name in self.names():
            for number in self._numbers(name):
                if self._tombstone(name, number).exists():
                    self._delete(name, number)

    def _delete(self, name: str, number: int) -> None:
        folder = self._of(name, number)
        if folder.exists():
            with suppress(FileNotFoundError):  # somebody else is at it
                shutil.rmtree(folder)
            sync_to_disk(folder.parent)

    def _record(self, file: Path) -> ReleaseRecord | None:
        try:
            stands = file.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        key = file, stands.st_ino, stands.st_mtime_ns
        if key not in self._records and (found := _read(file, ReleaseRecord)) is not None:
            self._records[key] = found
        return self._records.get(key)

    def _numbers(self, name: str) -> set[int]:
        """Of the versions that are there or were withdrawn."""
        try:
            found = {each.name.removesuffix(_WITHDRAWN) for each in (self.folder / name).iterdir()}
        except (FileNotFoundError, NotADirectoryError):
            return set()
        return {int(number) for number in found if number.isascii() and number.isdigit()}

    def _of(self, name: str, number: int) -> Path:
        return self.folder / name / str(number)

    def _tombstone(self, name: str, number: int) -> Path:
        return self.folder / name / f"{number}{_WITHDRAWN}"


def _read(file: Path, kind: type[S]) -> S | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except msgspec.DecodeError as err:
        raise Fault(
            f"{file} is damaged ({err}): bring it back from a backup, or delete its version."
        ) from err


@contextmanager
def _locked(file: Path, name: str) -> Iterator[None]:
    """Held by one maker of a data set at a time."""
    with file.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Fault(
                gettext("a version of %(name)s is being made already: wait until it is done", name=name)
            ) from None
        yield
