"""How far the centre's worker has read a household's changes feed.

It stands in `_local` documents of `registry`, not of the household's database: there the household's devices
could write it too, since validators do not see `_local` documents.
"""

from typing import Any

import msgspec

from couch.client import Database
from couch.documents import Json


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Everything before `seq` is done and durable."""

    seq: str = "0"
    instance: str = ""  # which incarnation of the database `seq` belongs to
    consents: dict[str, dict[str, Any]] = {}  # the first body seen of each consent document, by its id


def load_progress(registry: Database, household: str) -> Progress:
    """Where the worker stopped; the beginning where it never was, or where the note is unreadable.

    Every step can be repeated, so beginning again costs time alone.
    """
    stored = registry.local(_name(household))
    try:
        return msgspec.convert(stored or {}, Progress)
    except msgspec.ValidationError:
        return Progress()


def save_progress(registry: Database, household: str, progress: Progress) -> None:
    """Call it only when everything before `progress.seq` is durable."""
    body: Json = msgspec.to_builtins(progress)
    registry.put_local(_name(household), body)


def instance_of(info: Json) -> str:
    """Which incarnation of its database `info` (GET /{db}) speaks of: it changes when one is made anew."""
    return str(info.get("instance_start_time", ""))


def _name(household: str) -> str:
    return f"worker:{household}"


__all__ = ["Progress", "instance_of", "load_progress", "save_progress"]
