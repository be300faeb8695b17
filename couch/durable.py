"""What outlives a power failure."""

import os
from pathlib import Path


def sync_to_disk(path: Path) -> None:
    """Make a file's content durable, or a folder's names: those of files made, renamed or deleted in it.

    Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
