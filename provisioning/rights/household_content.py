"""Everything the centre's database server holds about a household, streamed; rivals and remains as well."""

from collections.abc import Iterator
from dataclasses import dataclass

from couch.client import Database, Server
from couch.documents import Json
from couch.errors import NotFound
from couch.names import REGISTRY, RESEARCH, household_database
from couch.research_erasure import ids_of, month_databases
from provisioning.rights.anonymizing import Names

READINGS = ("measurement", "gap")
_PIECE = 1000


@dataclass(frozen=True, slots=True)
class HouseholdContent:
    """One household at the centre. `admin` reads: some of it no role account may see."""

    admin: Server
    household: str
    names: Names

    @property
    def pseudonym(self) -> str:
        return self.names.household(self.household)

    @property
    def _database(self) -> Database:
        return self.admin.database(household_database(self.household))

    def known(self) -> bool:
        """Whether the centre knows the household, or knew it."""
        return self._database.exists() or any(
            self.admin.database(REGISTRY).find(f"{kind}:{self.household}")
            for kind in ("household", "erasure")
        )

    def documents(self) -> Iterator[Json]:
        """The household's documents but for its readings, in the order of their ids."""
        try:
            for doc in self._database.documents(end="gap:"):
                yield doc
            for doc in self._database.documents(start="gap;", end="measurement:"):
                yield doc
            for doc in self._database.documents(start="measurement;"):
                yield doc
        except NotFound:
            return

    def readings(self, kind: str) -> Iterator[Json]:
        """Measurements or gaps, by meter and slot. ";" follows ":" in the byte order of ids."""
        try:
            yield from self._database.documents(start=f"{kind}:", end=f"{kind};")
        except NotFound:
            return

    def rivals(self) -> Iterator[Json]:
        """Revisions beside the winning ones, and what is left of deleted documents."""
        since = "0"
        while True:
            try:
                batch = self._database.changes(since, include_docs=False)
            except NotFound:
                return
            if not batch.changes:
                return
            since = batch.last_seq
            for change in batch.changes:
                if not change.id.startswith("_design/") and (change.deleted or len(change.revs) > 1):
                    winner = None if change.deleted else self._database.find(change.id)
                    for leaf in self._database.leaves(change.id):
                        if winner is None or leaf["_rev"] != winner["_rev"]:
                            yield leaf

    def access(self) -> Json | None:
        """Who may enter the household's database, and its consent there; None: there is no database."""
        try:
            return self._database.security()
        except NotFound:
            return None

    def registry(self) -> Iterator[Json]:
        """The summary, the erasure's record, what is parked or was reported, how far the worker has come."""
        registry = self.admin.database(REGISTRY)
        for kind in ("household", "erasure", "proof", "retry"):
            doc = registry.find(f"{kind}:{self.household}")
            if doc is not None:
                yield doc
        for kind in ("parked", "reported"):
            prefix = f"{kind}:{self.household}:"
            yield from registry.documents(start=prefix, end=f"{prefix}\ufff0")
        local = registry.find(f"_local/worker:{self.household}")
        if local is not None:
            yield {key: value for key, value in local.items() if key != "_rev"}

    def research(self) -> Iterator[Json]:
        """Context and withdrawal under the household's pseudonym."""
        research = self.admin.database(RESEARCH)
        for doc_id in (f"context:{self.pseudonym}", f"withdrawal:{self.pseudonym}"):
            doc = research.find(doc_id)
            if doc is not None:
                yield doc

    def exports(self) -> Iterator[Json]:
        """The data sets that went out with the household in them; other households are not named."""
        for doc in self.admin.database(RESEARCH).documents(start="export:", end="export;"):
            if self.pseudonym in doc["households"]:
                yield {**doc, "households": [self.pseudonym]}

    def research_readings(self) -> Iterator[Json]:
        """Measurements and gaps under the household's pseudonym, month by month."""
        for month in month_databases(self.admin):
            piece: list[str] = []
            for doc_id in ids_of(month, self.pseudonym):
                piece.append(doc_id)
                if len(piece) == _PIECE:
                    yield from month.documents(keys=piece)
                    piece = []
            yield from month.documents(keys=piece) if piece else ()

    def accounts(self) -> Iterator[Json]:
        """Accounts with a role of the household, without what proves their passwords."""
        role = f"household:{self.household}"
        for doc in self.admin.database("_users").documents():
            if role in doc.get("roles", ()):
                yield {key: doc[key] for key in ("_id", "name", "roles", "type") if key in doc}
