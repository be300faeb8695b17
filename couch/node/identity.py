"""The data folder of a node: who owns it, and what the node keeps there about itself."""

import fcntl
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from couch.durable import sync_to_disk
from couch.errors import Fault

FORMAT = 1
_FILE = "node.json"
_LOCK = "node.lock"


class _Stored(msgspec.Struct):
    format: int
    uuid: str
    cookie_secret: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Attributes: `uuid` tells this node from others for ever; `cookie_secret` signs session cookies."""

    uuid: str
    cookie_secret: bytes


class DataFolder:
    """A data folder that this process has for itself until `release`."""

    def __init__(self, path: Path) -> None:
        """Take the folder, making it where it is not there.

        Raises:
            Fault: it cannot be written, another node has it, or a newer version wrote it.
        """
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock: IO[str] = (path / _LOCK).open("a+")
        except OSError as err:
            reason = (err.strerror or type(err).__name__).lower()
            raise Fault(
                f"the data folder {path} cannot be used: {reason}. "
                "Give the node a folder that it may write, with --data."
            ) from err
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            self._lock.close()
            raise Fault(
                f"the data folder {path} is occupied: another node is running on it. "
                "Stop that one, or name another folder with --data."
            ) from err
        try:
            self.identity = _read_identity(path / _FILE)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let others have the folder."""
        self._lock.close()


def _read_identity(path: Path) -> Identity:
    if not path.exists():
        stored = _Stored(FORMAT, secrets.token_hex(16), secrets.token_hex(32))
        _write(path, msgspec.json.encode(stored))
    try:
        stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
    except msgspec.DecodeError as err:
        raise Fault(
            f"{path} was not written by a node. Move it away, or name another folder with --data."
        ) from err
    if stored.format > FORMAT:
        raise Fault(
            f"{path} has format {stored.format}, this program knows format {FORMAT}: "
            "a newer version wrote it. Install that version, or name another folder with --data."
        )
    return Identity(stored.uuid, bytes.fromhex(stored.cookie_secret))


def _write(path: Path, content: bytes) -> None:
    """Write a file for its owner alone, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    sync_to_disk(path.parent)
