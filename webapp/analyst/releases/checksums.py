"""Size and checksum of a file."""

import hashlib
import os
from pathlib import Path


def size_and_sha256(file: Path) -> tuple[int, str]:
    """Of the content of a file. Raises OSError."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return os.fstat(stream.fileno()).st_size, digest
