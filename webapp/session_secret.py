"""The key that signs session cookies: made at the first start, readable by its owner alone."""

import os
import secrets
from pathlib import Path

from couch.errors import Fault

_BYTES = 32


def session_secret(file: Path) -> bytes:
    """The key in `file`; makes it (mode 600) when it is absent. Deleting the file ends all sessions.

    Raises Fault when it can be neither read nor written, is open to others, or holds no key.
    """
    try:
        _make(file)
    except FileExistsError:
        pass  # as at every start after the first
    except OSError as err:
        raise Fault(
            f"the session key {file} cannot be written ({err.strerror}): "
            "make its folder writable for this service or set `session_secret_file` to another place"
        ) from err
    try:
        open_to_others = file.stat().st_mode & 0o077
        key = file.read_bytes()
    except OSError as err:
        raise Fault(f"the session key {file} cannot be read ({err.strerror}): check its owner") from err
    if open_to_others:
        raise Fault(f"the session key {file} can be read by others: chmod 600 {file}")
    if len(key) < _BYTES:
        raise Fault(f"the session key {file} is too short: delete it, the next start makes a new one")
    return key


def _make(file: Path) -> None:
    """Write a fresh key under a name of its own first, so that no reader meets half a key."""
    if file.exists():
        raise FileExistsError(file)
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(secrets.token_bytes(_BYTES))
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(fresh, file)  # fails where another process was quicker
    finally:
        fresh.unlink()
