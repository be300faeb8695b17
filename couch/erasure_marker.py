"""The mark that a device's data was erased, or is being erased, and that it must never measure again.

It stands twice, so that neither a restart nor a restored database starts measuring: in a small file beside
the device's settings, and in the emptied replica (`_local/erasure`, and `erased` in its `_security`). It
holds uuids, times and a number, nothing that names anybody. The agent writes it, the page reads it.
"""

from datetime import datetime
from pathlib import Path

import msgspec

from couch.database import Database
from couch.documents.fields import Uuid
from couch.errors import Fault, NotFound
from couch.private_files import write_private

LOCAL = "erasure"


class ErasureMarker(msgspec.Struct, frozen=True, kw_only=True):
    """How far the erasure of a device has come; what is None has not happened yet.

    `told_at`: when the centre said so; `unsent_measurements`: of those erased here, how many the centre was
    never shown to hold; `erased_at`: nothing of the household is left here; `confirmed_at`: the centre has
    the device's confirmation.
    """

    device: Uuid
    household: Uuid
    told_at: datetime
    unsent_measurements: int | None = None
    erased_at: datetime | None = None
    confirmed_at: datetime | None = None

    def is_of(self, device: str, household: str) -> bool:
        """Whether it speaks of this device; another one's settings may have been in the folder before."""
        return (self.device, self.household) == (device, household)


def read_marker(file: Path) -> ErasureMarker | None:
    """What the file says; None where there is none.

    Raises Fault for one that cannot be read: it may mean that measuring is forbidden, so nothing goes on.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=ErasureMarker)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.MsgspecError) as err:
        raise Fault(
            f"{file} says that this device's data is being erased, but cannot be read. Nothing is measured "
            "before a person looks: make it readable for this service, or tell the researchers."
        ) from err


def write_marker(file: Path, marker: ErasureMarker) -> None:
    """Durable and whole when this returns. Raises Fault."""
    write_private(file, msgspec.json.encode(marker).decode() + "\n")


def read_local_marker(replica: Database) -> ErasureMarker | None:
    """What the replica says; None where it says nothing, or is not there. Raises CouchError."""
    try:
        stored = replica.local(LOCAL)
        return None if stored is None else msgspec.convert(stored, ErasureMarker)
    except (NotFound, msgspec.ValidationError):
        return None


def write_local_marker(replica: Database, marker: ErasureMarker) -> None:
    """Raises CouchError."""
    replica.put_local(LOCAL, msgspec.to_builtins(marker))
