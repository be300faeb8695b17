"""Where an authority keeps what: one folder, mode 700, of which `root/` is meant to be taken offline.

root/root.key.pem            the root's key, sealed; needed to rotate, and for the root's CRL
issuing/<serial>.key.pem     keys of the issuing authorities, sealed
records.sqlite               what was issued, to which uuids, until when; the authorities' certificates
root.pem                     what devices trust
trust.pem                    what servers trust: the root and the issuing authorities that have not ended
root-crl.pem, crl.pem        the root's CRL; the root's and the issuing authorities' CRLs
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from couch.errors import Fault


@dataclass(frozen=True, slots=True)
class AuthorityFolder:
    """The paths inside an authority's folder."""

    path: Path

    @property
    def root(self) -> Path:
        """The part that goes offline."""
        return self.path / "root"

    @property
    def issuing(self) -> Path:
        return self.path / "issuing"

    def issuing_key(self, serial: str) -> Path:
        return self.issuing / f"{serial}.key.pem"

    @property
    def records(self) -> Path:
        return self.path / "records.sqlite"

    @property
    def root_certificate(self) -> Path:
        return self.path / "root.pem"

    @property
    def trust(self) -> Path:
        return self.path / "trust.pem"

    @property
    def root_crl(self) -> Path:
        return self.path / "root-crl.pem"

    @property
    def crl(self) -> Path:
        return self.path / "crl.pem"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one process at a time publishes or rotates; the lock ends with the process that holds it."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def root_key_in(root: Path) -> Path:
    """The root's key in its folder, wherever that was taken."""
    return root / "root.key.pem"


def existing_folder(path: Path) -> AuthorityFolder:
    """The folder of an authority that is there. Raises Fault."""
    folder = AuthorityFolder(path)
    if not folder.records.is_file():
        raise Fault(
            f"there is no certificate authority in {path}. Make one with: survey ca init --folder {path}"
        )
    return folder
