"""What the centre remembers of a published version, and of one that was withdrawn. On disk as JSON."""

import re
from datetime import datetime
from typing import Annotated

import msgspec

from couch.clock import from_rfc3339
from couch.errors import Fault
from webapp.analyst.export_ledger import Withdrawn
from webapp.translation import gettext

# As Frictionless names packages, and safe in an address and as a folder.
NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{0,59}$"
Name = Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]
Number = Annotated[int, msgspec.Meta(ge=1)]


class ReleaseFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a version: its path from the version's folder, with `/` between parts."""

    path: str
    bytes: int
    sha256: str


class ReleaseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A published version. It lies beside its files and is not served.

    `households`: pseudonyms of those that the files tell of; `unblurred`: those among them of whose place and
    installations something is told and whose consent stood then. `selection`: what was asked for.
    `withdrawals`: all up to then. `created_from`: databases and their update sequences before the reading.
    """

    name: Name
    version: Number
    published_at: datetime
    selection: dict[str, str | list[str]]
    households: tuple[str, ...]
    unblurred: tuple[str, ...]
    k: int | None
    threshold: int
    withdrawals: tuple[Withdrawn, ...]
    created_from: dict[str, str]
    files: tuple[ReleaseFile, ...]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    @property
    def first(self) -> datetime:
        """The first slot."""
        return from_rfc3339(str(self.selection["from"]))

    @property
    def end(self) -> datetime:
        """The first slot that is not in it any more."""
        return from_rfc3339(str(self.selection["to"]))

    def file(self, path: str) -> ReleaseFile | None:
        return next((file for file in self.files if file.path == path), None)


class WithdrawnVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a version whose files were deleted: when, and of how many households it told too much.

    `erased`: households that are to be removed altogether; `revoked`: those that are blurred since.
    """

    name: Name
    version: Number
    published_at: datetime
    withdrawn_at: datetime
    erased: int
    revoked: int
    withdrawals: tuple[Withdrawn, ...]  # that it listed: what the next version compares its own with


def check_name(name: str) -> str:
    """The name itself. Raises Fault where it is none for a data set."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise Fault(
            gettext(
                "%(name)s is no name for a data set: it takes 1 to 60 of the signs a-z, 0-9 and -, "
                "and begins with a letter or digit, for example energy-2026",
                name=repr(name),
            )
        )
    return name
