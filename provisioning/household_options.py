"""Options of the command line as the table that the household file would hold."""

import shlex
import tomllib
from collections.abc import Sequence

from couch.bundle import BundleMeter
from couch.documents.fields import Json
from couch.errors import Fault
from couch.settings_fields import Source, read_struct


def without_absent(table: Json) -> Json:
    """The table without what was not given, at every depth."""
    whole: Json = {}
    for name, value in table.items():
        inner = without_absent(value) if isinstance(value, dict) else value
        if inner not in (None, {}, [], ()):
            whole[name] = inner
    return whole


def entries(option: str, texts: Sequence[str]) -> list[Json]:
    """One table for each text `key=value key=value`, quoted as in a shell.

    A value is read as in TOML where that is possible, else taken as a text; `a+b` stands for a list under
    the key `meters`. Raises Fault.
    """
    return [_entry(option, text) for text in texts]


def placed_meters(texts: Sequence[str]) -> dict[str, BundleMeter]:
    """Meters by uuid, as `meter=UUID head=... protocol=...` says where they are plugged in. Raises Fault."""
    found: list[str] = []
    meters = [
        read_struct(BundleMeter, table, Source("--meter", "SURVEY_METER", {}), found)
        for table in entries("--meter", texts)
    ]
    if found:
        raise Fault(f"{'; '.join(found)}. Nothing was changed.")
    return {meter.meter: meter for meter in meters if meter is not None}


def _entry(option: str, text: str) -> Json:
    try:
        parts = [part.partition("=") for part in shlex.split(text)]
    except ValueError as err:
        raise _unreadable(option, text) from err
    if not parts or any(not separator for _, separator, _ in parts):
        raise _unreadable(option, text)
    return {key: value.split("+") if key == "meters" else _value(key, value) for key, _, value in parts}


def _value(key: str, text: str) -> object:
    if key in ("name", "device", "head", "meter", "pv_system"):
        return text  # a device may be called 1
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _unreadable(option: str, text: str) -> Fault:
    return Fault(
        f"{option} {text!r} cannot be read: it takes key=value pairs with blanks between them, "
        'for example "name=grid device=cellar meter_type=ELECTRICITY model=MT175".'
    )
