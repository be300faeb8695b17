"""Databases and engines for the tests of views: fakes for most, the real ones for the contract."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from couch.node.database import Database
from couch.node.edits import parse_edit
from couch.node.js.engine import JsEngine
from couch.node.js.sandbox import Sandbox
from couch.node.revision import parse_rev
from couch.node.schema import create_file
from couch.node.source import ChangedDocument
from couch.node.stored import Stored, json_text
from couch.node.views.parameters import QueryParameters, from_url
from couch.node.views.service import ViewService
from couch.node.views.source import ViewSource


class Writable(ViewSource, Protocol):
    """A source that tests can write to."""

    def put(self, doc: dict[str, Any]) -> str:
        """Write a document; returns its revision."""

    def delete(self, doc_id: str) -> None: ...

    def purge(self, doc_id: str) -> None: ...


@dataclass
class FakeSource:
    """A database in memory: winners only, one branch each."""

    path: Path
    name: str = "db"
    instance: str = "one"
    documents: dict[str, Stored] = field(default_factory=dict)
    older: dict[tuple[str, str], ChangedDocument] = field(default_factory=dict)
    purges: list[str] = field(default_factory=list)
    seq: int = 0
    removed: bool = False

    def put(self, doc: dict[str, Any]) -> str:
        return self._write(doc["_id"], {k: v for k, v in doc.items() if k != "_id"}, deleted=False)

    def delete(self, doc_id: str) -> None:
        self._write(doc_id, {}, deleted=True)

    def purge(self, doc_id: str) -> None:
        del self.documents[doc_id]
        self.purges.append(doc_id)

    def _write(self, doc_id: str, body: dict[str, Any], *, deleted: bool) -> str:
        before = self.documents.get(doc_id)
        generation = 1 if before is None else before.rev[0] + 1
        self.seq += 1
        rev = f"{generation}-{self.seq:032x}"
        self.documents[doc_id] = Stored(self.seq, doc_id, deleted, rev, None, json_text(body))
        self.older[doc_id, rev] = _changed(self.documents[doc_id])
        return rev

    def instance_is_current(self) -> bool:
        return not self.removed

    def update_seq(self) -> int:
        return self.seq

    def purge_seq(self) -> int:
        return len(self.purges)

    def purged_ids(self, since_purge_seq: int) -> list[str]:
        return list(dict.fromkeys(self.purges[since_purge_seq:]))

    def changed_since(self, seq: int, limit: int) -> list[ChangedDocument]:
        found = sorted((one for one in self.documents.values() if one.seq > seq), key=lambda one: one.seq)
        return [_changed(one) for one in found[:limit]]

    def winner(self, doc_id: str) -> ChangedDocument | None:
        stored = self.documents.get(doc_id)
        return None if stored is None else _changed(stored)

    def revision(self, doc_id: str, rev: str) -> ChangedDocument | None:
        return self.older.get((doc_id, rev))

    def stored(self, doc_id: str) -> Stored | None:
        return self.documents.get(doc_id)

    def designs(self) -> list[str]:
        found = [one for one in self.documents.values() if one.id.startswith("_design/") and not one.deleted]
        return [one.render() for one in found]


def _changed(stored: Stored) -> ChangedDocument:
    return ChangedDocument(stored.seq, stored.id, stored.deleted, stored.rev_text, stored.render())


class RealSource(Database):
    """The node's own database, with the fake's way of writing."""

    def put(self, doc: dict[str, Any]) -> str:
        stored = self.stored(doc["_id"])
        edit = parse_edit(doc if stored is None else {**doc, "_rev": stored.rev_text})
        self.write([edit], new_edits=True)
        written = self.stored(doc["_id"])
        assert written is not None
        return written.rev_text

    def delete(self, doc_id: str) -> None:
        self.put({"_id": doc_id, "_deleted": True})

    def purge(self, doc_id: str) -> None:  # type: ignore[override]
        stored = self.stored(doc_id)
        assert stored is not None
        super().purge({doc_id: [parse_rev(stored.rev_text)]})


class InProcessEngine(JsEngine):
    """The engine without processes: what a worker would answer, from a sandbox here."""

    def __init__(self) -> None:
        super().__init__(workers=1)
        self.sandbox = Sandbox()
        self.mapped: list[int] = []  # documents of each batch that was mapped

    async def ask(self, parts: Sequence[bytes]) -> bytes:
        operation, design, *texts = (part.decode() for part in parts)
        answer = self.sandbox.run(operation, design, *texts)
        if operation == "map":
            self.mapped.append(len(json.loads(answer)[1]))
        return answer.encode()


class Desk:
    """Asks a view service as a handler would, and decodes what it answers."""

    def __init__(self, service: ViewService, source: Writable) -> None:
        self.service, self.source = service, source

    async def ask(self, view: str, query: str = "", design: str = "d") -> Any:
        pairs = [tuple(pair.split("=", 1)) for pair in query.split("&") if pair]
        return await self.ask_with(view, from_url(pairs), design)  # type: ignore[arg-type]

    async def ask_with(self, view: str, parameters: QueryParameters, design: str = "d") -> Any:
        group = await self.service.group(self.source, f"_design/{design}")
        pieces = self.service.answer(self.source, group, self.service.view(group, view), parameters)
        return json.loads(b"".join([piece async for piece in pieces]))

    async def rows(self, view: str, query: str = "", design: str = "d") -> list[tuple[Any, ...]]:
        """(id, key, value) of each row; (key, value) where it is reduced."""
        answer = await self.ask(view, query, design)
        return [tuple(row[name] for name in ("id", "key", "value") if name in row) for row in answer["rows"]]


@pytest.fixture
def fake_source(tmp_path: Path) -> FakeSource:
    return FakeSource(tmp_path / "databases" / "db.sqlite")


@pytest.fixture(params=["fake", "real"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Writable]:
    """The contract: whatever passes with one must pass with the other."""
    if request.param == "fake":
        yield FakeSource(tmp_path / "databases" / "db.sqlite")
        return
    path = tmp_path / "databases" / "db.sqlite"
    path.parent.mkdir()
    create_file(path)
    database = RealSource("db", path)
    yield database
    database.connections.close()


@pytest.fixture
def engine() -> InProcessEngine:
    return InProcessEngine()


@pytest.fixture
def at_desk(engine: InProcessEngine) -> Callable[[Writable, Callable[[Desk], Awaitable[Any]]], Any]:
    """Runs some work in an event loop with a view service over a source."""

    def run(source: Writable, work: Callable[[Desk], Awaitable[Any]]) -> Any:
        async def whole() -> Any:
            service = ViewService(engine)
            try:
                return await work(Desk(service, source))
            finally:
                await service.close()

        return asyncio.run(whole())

    return run
