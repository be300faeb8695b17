"""Files that only their owner may read, written whole or not at all."""

import os
import secrets
from pathlib import Path

from couch.durable import sync_to_disk
from couch.errors import Fault


def write_private(path: Path, text: str, *, replace: bool = True) -> bool:
    """Make `path` hold `text` with mode 600, durably; False when it is there and `replace` is not wanted.

    The folder is made (mode 700) where it is missing. Raises Fault when that cannot be written.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                beside.replace(path)
            elif not _link(beside, path):
                return False
        finally:
            beside.unlink(missing_ok=True)
        sync_to_disk(path.parent)
    except OSError as err:
        why = (err.strerror or type(err).__name__).lower()
        raise Fault(f"{path} cannot be written: {why}. Choose a folder that you may write to.") from err
    return True


def _link(source: Path, target: Path) -> bool:
    """Give `source` a second name, unless something bears that already: nobody's key is overwritten."""
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    return True
