"""Settings of a service: one TOML file plus environment, loaded once into a frozen, checked value.

A service describes its settings as a frozen `msgspec.Struct`; nested Structs are TOML tables, tuples of
Structs arrays of tables. `SURVEY_<PREFIX>_<FIELD>` in the environment overrides a field (tables joined by
`__`, array places by their number: `SURVEY_EDGE_METERS__0__HEAD`); a field may name one more variable with
`msgspec.Meta(extra={"env": "SURVEY_ADMIN_PASSWORD"})`. Every fault is reported at once.
"""

import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from couch.errors import Fault
from couch.secret import Secret, SettingsError, secret_from_file
from couch.settings_fields import Source, fault, read_struct

if TYPE_CHECKING:
    from couch.client import Server

S = TypeVar("S", bound=msgspec.Struct)


class Account(msgspec.Struct, frozen=True):
    """A user and a password."""

    user: str
    password: Secret


class Endpoint(msgspec.Struct, frozen=True):
    """A CouchDB server and the account to use there."""

    url: str
    user: str
    password: Secret

    def server(self, timeout_s: float = 30.0) -> "Server":
        """A client of it, for one thread."""
        from couch.client import Server  # noqa: PLC0415 - checking settings need not load HTTP

        return Server(self.url, user=self.user, password=self.password, timeout_s=timeout_s)


def load(kind: type[S], *, file: Path | None, environ: Mapping[str, str], prefix: str) -> S:
    """The settings of type `kind` from `file` (None: environment and defaults alone) and `environ`.

    Raises SettingsError, whose message names every fault: key, value unless secret, what is allowed, an
    example; and where a file that holds secrets can be read by its group or by everyone.
    """
    table = {} if file is None else _read(file)
    name = f"SURVEY_{prefix.upper()}".rstrip("_")
    found: list[str] = []
    value = read_struct(kind, table, Source("", name, environ), found)
    if found or value is None:
        where = "the environment" if file is None else str(file)
        count = "a fault" if len(found) == 1 else f"{len(found)} faults"
        raise SettingsError(f"{count} in the settings ({where}): {'; '.join(found)}")
    if file is not None and stat.S_IMODE(file.stat().st_mode) & 0o077 and _secrets(value) & _texts(table):
        raise SettingsError(
            f"the settings file {file} holds passwords and can be read by others. "
            f"Run chmod 600 {file}, or move them to files of mode 600 or to the environment."
        )
    return value


def _secrets(value: Any) -> set[str]:
    """The text of every secret inside a value."""
    if isinstance(value, Secret):
        return {value.reveal()}
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.astuple(value)
    return {text for part in value for text in _secrets(part)} if isinstance(value, tuple) else set()


def _texts(table: Any) -> set[str]:
    """Every text that stands in a file, at any depth."""
    if isinstance(table, dict | list):
        parts = table.values() if isinstance(table, dict) else table
        return {text for part in parts for text in _texts(part)}
    return {table} if isinstance(table, str) else set()


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as err:
        raise SettingsError(f"the settings file {file} is not valid TOML: {err}. Correct that line.") from err
    except UnicodeDecodeError as err:
        raise SettingsError(f"the settings file {file} is not UTF-8 text. Save it as UTF-8.") from err
    except OSError as err:
        raise SettingsError(
            f"the settings file {file} cannot be read: {(err.strerror or type(err).__name__).lower()}. "
            "Give the path of a readable TOML file."
        ) from err


__all__ = ["Account", "Endpoint", "Fault", "Secret", "SettingsError", "fault", "load", "secret_from_file"]
