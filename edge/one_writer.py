"""One process at a time writes a device's files; what one that was killed left half-written is removed."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from couch.errors import Fault


@contextmanager
def alone_in(folder: Path, names: Sequence[str]) -> Iterator[None]:
    """Hold `folder` (made, mode 700, where it is missing) alone; the lock ends with its process.

    `names`: the files that are written here, each beside its place first (see couch.private_files).
    Raises Fault: another process is at work here, or the folder cannot be used.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as err:
        why = (err.strerror or type(err).__name__).lower()
        raise Fault(f"{folder} cannot be written: {why}. Choose a folder that you may write to.") from err
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            raise Fault(f"another process is joining in {folder}. Wait for its end.") from err
        for name in names:
            for left in folder.glob(f".{name}.????????"):
                left.unlink(missing_ok=True)
        yield
    finally:
        os.close(held)
