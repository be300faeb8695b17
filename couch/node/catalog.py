"""The databases of a node: names, files, and what happened to them."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from couch.durable import sync_to_disk
from couch.node.answers import HttpError
from couch.node.database import Database, database_missing
from couch.node.dbupdates import DatabaseUpdates
from couch.node.schema import check_file, create_file, is_unborn
from couch.node.settings import OPEN_DATABASES

SYSTEM_DATABASES = ("_replicator", "_users")

_NAME = re.compile(r"[a-z][a-z0-9_$()+/-]*")
_MAX_NAME = 200  # of the file's name, whose limit is 255 bytes with what SQLite adds


class Catalog:
    """All databases in one folder. Files are opened when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        """Take up what is in `folder`, remove what a crash left half made or half removed. Blocks.

        Raises:
            Fault: a file there is not ours, or of a newer format.
        """
        self._folder = folder / "databases"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._known: dict[str, Database | None] = dict.fromkeys(_take_stock(self._folder))
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._opening = asyncio.Lock()
        self.updates = DatabaseUpdates(sorted(self._known))
        self.on_removed: list[Callable[[Database], None]] = []  # told in the event loop

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._known)

    def __contains__(self, name: str) -> bool:
        return name in self._known

    async def get(self, name: str) -> Database:
        """The database of this name.

        Raises:
            HttpError: 404 where there is none.
        """
        if name not in self._known:
            raise database_missing()
        database = self._known[name]
        if database is None:
            async with self._opening:
                if name not in self._known:
                    raise database_missing()
                database = self._known[name]
                if database is None:
                    database = await asyncio.to_thread(Database, name, self._path(name))
                    self._known[name] = database
        self._rest_others(name)
        return database

    async def create(self, name: str) -> Database:
        """Make a database; durable when this returns.

        Raises:
            HttpError: 400 for a name that cannot be, 412 where it exists.
        """
        check_name(name)
        async with self._opening:
            if name in self._known:
                reason = "The database could not be created, the file already exists."
                raise HttpError(412, "file_exists", reason)
            await asyncio.to_thread(create_file, self._path(name))
            database = await asyncio.to_thread(Database, name, self._path(name))
            self._known[name] = database
        self.updates.record(name, "created")
        return database

    async def remove(self, name: str) -> None:
        """Delete a database with everything in it.

        Raises:
            HttpError: 404 where there is none.
        """
        database = await self.get(name)
        async with self._opening, database.lock:
            if database.removed:
                raise database_missing()
            database.removed = True
            del self._known[name]
            self._recent.pop(name, None)
            database.announce()
            for tell in self.on_removed:
                tell(database)
            await asyncio.to_thread(database.destroy)
        self.updates.record(name, "deleted")

    def close(self) -> None:
        """Close all files. Blocks."""
        for database in self._known.values():
            if database is not None:
                database.connections.close()

    def _rest_others(self, name: str) -> None:
        """Let databases that were not asked for lately close their files: handles are few, databases many."""
        self._recent[name] = None
        self._recent.move_to_end(name)
        while len(self._recent) > OPEN_DATABASES:
            idle, _ = self._recent.popitem(last=False)
            database = self._known.get(idle)
            if database is not None:
                # The last one out writes the log back into the file: not in the event loop.
                asyncio.get_running_loop().run_in_executor(None, database.connections.rest)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name.replace('/', '%2F')}.sqlite"


def check_name(name: str) -> None:
    """Make sure that a database may be called so.

    Raises:
        HttpError: 400.
    """
    if not _NAME.fullmatch(name) and name not in SYSTEM_DATABASES:
        reason = (
            f"Name: '{name}'. Only lowercase characters (a-z), digits (0-9), and any of the characters "
            "_, $, (, ), +, -, and / are allowed. Must begin with a letter."
        )
        raise HttpError(400, "illegal_database_name", reason)
    if len(name.replace("/", "%2F")) > _MAX_NAME:
        reason = f"At least one path segment of `{name}` is too long."
        raise HttpError(400, "database_name_too_long", reason)


def _take_stock(folder: Path) -> list[str]:
    names = []
    for path in sorted(folder.iterdir()):
        if path.name.endswith((".sqlite-wal", ".sqlite-shm")):
            # Without its database a log is a leftover, and would spoil the next database of that name.
            with suppress(FileNotFoundError):
                if not path.with_name(path.name[:-4]).exists():
                    path.unlink()
        elif path.name.endswith(".deleted"):
            path.unlink()
        elif path.suffix == ".sqlite" and is_unborn(path):
            path.unlink()
            path.with_name(path.name + "-journal").unlink(missing_ok=True)
        elif path.suffix == ".sqlite":
            check_file(path)
            names.append(path.stem.replace("%2F", "/"))
    sync_to_disk(folder)
    return names
