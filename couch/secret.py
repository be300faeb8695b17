"""Secrets that do not show: not in reprs, messages, logs or formatted text."""

import stat
from pathlib import Path

from couch.errors import Fault

HIDDEN = "(hidden)"


class SettingsError(Fault):
    """The settings of a service are wrong; the message names every fault at once."""


class Secret(str):
    """A password or key. Everything but `reveal()` hides it.

    It is a `str` so that it can stand where one is asked for; `"".join` and JSON encoders see its text.
    """

    __slots__ = ()

    def reveal(self) -> str:
        """The text itself: only to be handed to what needs it, never to a log or a message."""
        return str.__str__(self)

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)


def secret_from_file(path: Path) -> Secret:
    """The secret in a file, without the line break at its end.

    Raises SettingsError when the file is missing, empty, or readable by its group or by everyone.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        why = err.strerror if isinstance(err, OSError) else "it is not UTF-8 text"
        raise SettingsError(
            f"the secret in {path} cannot be read: {why}. Write it there and run chmod 600 {path}."
        ) from err
    if stat.S_IMODE(mode) & 0o077:
        raise SettingsError(
            f"the secret in {path} can be read by others (mode {stat.S_IMODE(mode):04o}). "
            f"Run chmod 600 {path}."
        )
    secret = text.rstrip("\r\n")
    if not secret:
        raise SettingsError(f"the secret in {path} is empty. Write it there, in one line.")
    return Secret(secret)
