"""One thread's connections to the centre."""

from collections.abc import Callable
from dataclasses import dataclass

from couch.client import Database, Server
from couch.names import REGISTRY, RESEARCH, household_database


@dataclass(frozen=True, slots=True)
class Centre:
    """The administrator's connection serves `_security`, months and `_db_updates` alone (design 5)."""

    admin: Server
    worker: Server

    @property
    def registry(self) -> Database:
        return self.worker.database(REGISTRY)

    @property
    def research(self) -> Database:
        return self.worker.database(RESEARCH)

    def household(self, household: str) -> Database:
        """The household's database, as the worker's role."""
        return self.worker.database(household_database(household))

    def household_as_admin(self, household: str) -> Database:
        """The household's database, for its `_security`."""
        return self.admin.database(household_database(household))

    def __enter__(self) -> "Centre":
        return self

    def __exit__(self, *_: object) -> None:
        self.admin.close()
        self.worker.close()


Connect = Callable[[], Centre]  # new connections for a new thread
