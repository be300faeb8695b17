"""Files that are replaced as a whole or not at all."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from anonymizer.geodata.features import GeodataFault
from couch.durable import sync_to_disk


@contextmanager
def replaced_whole(file: Path) -> Iterator[sqlite3.Connection]:
    """An empty database that durably takes the place of `file` at the end; after a failure nothing changed.

    The caller commits. Raises GeodataFault where it cannot be written.
    """
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(beside)) as database:
                yield database
            sync_to_disk(beside)
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
        sync_to_disk(file.parent)
    except (OSError, sqlite3.Error) as err:
        raise GeodataFault(
            f"{file} cannot be written ({err}). Choose a folder that you may write to."
        ) from err
