"""Filters of `_changes`: which changes a reader gets, and with which revisions."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote

import msgspec
from aiohttp import web

from couch.node.answers import bad_request, not_found
from couch.node.database import Database
from couch.node.js.engine import JsEngine
from couch.node.keys import DATABASE, ENGINE, USER
from couch.node.parameters import json_parameter
from couch.node.revision import Rev, rev_text
from couch.node.selector import SelectorError, compile_selector
from couch.node.stored import Stored, body_of, render, revisions_text
from couch.node.user import UserCtx
from couch.node.writing import SHOWN_REVISIONS


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change before filters: the document, and its revisions in question, the winner first."""

    document: Stored
    revs: tuple[Rev, ...]


class ChangesFilter(Protocol):
    """Narrows changes.

    Attributes: `doc_ids` names all documents that can pass, None where that is not known; `counts_all` where
    CouchDB counts as pending whatever it did not send; `fields` what is left of documents, None for all.
    """

    doc_ids: Sequence[str] | None
    counts_all: bool
    fields: Any

    async def revisions(self, database: Database, candidates: Sequence[Candidate]) -> list[tuple[Rev, ...]]:
        """The revisions of each candidate that pass; none where the change is left out."""


class Everything:
    """No filter."""

    doc_ids: Sequence[str] | None = None
    counts_all = False
    fields: Any = None

    async def revisions(self, database: Database, candidates: Sequence[Candidate]) -> list[tuple[Rev, ...]]:
        return [candidate.revs for candidate in candidates]


class DocIds(Everything):
    """`_doc_ids`: read by id, so that passing over all others costs nothing."""

    counts_all = True

    def __init__(self, doc_ids: Sequence[str]) -> None:
        self.doc_ids = doc_ids


class Designs(Everything):
    """`_design`."""

    counts_all = True

    async def revisions(self, database: Database, candidates: Sequence[Candidate]) -> list[tuple[Rev, ...]]:
        return [one.revs if one.document.id.startswith("_design/") else () for one in candidates]


class Selector(Everything):
    """`_selector`."""

    def __init__(self, selector: Any, fields: Any = None) -> None:
        self.fields = fields
        try:
            self._matches = compile_selector(selector)
        except SelectorError as err:
            raise bad_request(err.reason) from err

    async def revisions(self, database: Database, candidates: Sequence[Candidate]) -> list[tuple[Rev, ...]]:
        return await asyncio.to_thread(self._passing, database, candidates)

    def _passing(self, database: Database, candidates: Sequence[Candidate]) -> list[tuple[Rev, ...]]:
        texts = _documents(database, candidates, with_ancestry=False)
        return _chosen(candidates, [self._matches(msgspec.json.decode(text)) for text in texts])


class DesignFunction(Everything):
    """A function of a design document: `filters/<name>`, or a view's map for `_view`."""

    def __init__(
        self, engine: JsEngine, design: str, name: str, request: dict[str, Any] | None, user: UserCtx
    ) -> None:
        self._engine, self._design, self._name = engine, design, name
        self._request, self._user = request, user

    async def revisions(self, database: Database, candidates: Sequence[Candidate]) -> list[tuple[Rev, ...]]:
        texts = await asyncio.to_thread(_documents, database, candidates, with_ancestry=True)
        docs = f"[{','.join(texts)}]"
        if self._request is None:
            passed = await self._engine.filter_view(self._design, self._name, docs)
        else:
            user = self._user.to_json(database.name)
            passed = await self._engine.filter_docs(self._design, self._name, docs, self._request, user)
        return _chosen(candidates, passed)


async def filter_for(request: web.Request, name: str | None, body: dict[str, Any]) -> ChangesFilter:
    """The filter that a request names.

    Raises:
        HttpError: 400 or 404 where it cannot be used.
    """
    if name is None:
        return Everything()
    if name == "_doc_ids":
        doc_ids = body.get("doc_ids", json_parameter(request.query, "doc_ids"))
        if not isinstance(doc_ids, list) or not all(isinstance(one, str) for one in doc_ids):
            raise bad_request("`doc_ids` filter parameter is not a list of doc ids.")
        return DocIds(doc_ids)
    if name == "_selector":
        if request.method != "POST":
            raise bad_request("Selector must be specified in POST payload")
        if not isinstance(body.get("selector"), dict):
            raise bad_request("Selector error: expected a JSON object")
        return Selector(body["selector"], body.get("fields"))
    if name == "_design":
        return Designs()
    if name.startswith("_") and name != "_view":
        raise bad_request("unknown builtin filter name")
    if name == "_view":
        return await _function(
            request, request.query.get("view", ""), "`view` filter parameter is not provided.", {}, view=True
        )
    return await _function(request, name, "`filter` must be of the form `designname/filtername`", body)


async def _function(
    request: web.Request, name: str, malformed: str, body: dict[str, Any], *, view: bool = False
) -> DesignFunction:
    design_name, slash, function = name.partition("/")
    if not slash or not design_name or not function:
        raise bad_request(malformed)
    database: Database = request[DATABASE]
    stored = await asyncio.to_thread(database.stored, f"_design/{unquote(design_name)}")
    if stored is None or stored.deleted:
        raise not_found("missing" if stored is None else "deleted")
    design = msgspec.json.decode(stored.body)
    part = "views" if view else "filters"
    if function not in design.get(part, {}):
        raise not_found(f"missing json key: {function if part in design else part}")
    described = None if view else describe_request(request, body)
    return DesignFunction(request.app[ENGINE], stored.render(), function, described, request[USER])


def describe_request(request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    """The request as design functions see it (CouchDB: `chttpd_external:json_req_obj/2`)."""
    database: Database = request[DATABASE]
    hidden = {"authorization", "cookie"}
    headers = {name: value for name, value in request.headers.items() if name.lower() not in hidden}
    return {
        "info": {"db_name": database.name},
        "id": None,
        "method": request.method,
        "requested_path": [part for part in request.path.split("/") if part],
        "path": [part for part in request.path.split("/") if part],
        "raw_path": request.raw_path,
        "query": dict(request.query),
        "headers": headers,
        "body": msgspec.json.encode(body).decode() if body else "undefined",
        "peer": request.remote,
        "form": {},
        "cookie": {},
        "secObj": database.state.security,
    }


def _documents(database: Database, candidates: Sequence[Candidate], *, with_ancestry: bool) -> list[str]:
    texts = []
    with database.connections.reading() as connection:
        for candidate in candidates:
            stored = candidate.document
            for rev in candidate.revs:
                body = body_of(connection, stored, rev) or "{}"
                extras = []
                if with_ancestry:
                    ancestry = revisions_text(stored.tree.path(rev), SHOWN_REVISIONS)
                    extras.append(("_revisions", ancestry))
                deleted = stored.tree.nodes[rev].deleted
                texts.append(render(stored.id, rev_text(rev), body, deleted=deleted, extras=extras))
    return texts


def _chosen(candidates: Sequence[Candidate], passed: Sequence[bool]) -> list[tuple[Rev, ...]]:
    verdicts = iter(passed)
    return [tuple(rev for rev in one.revs if next(verdicts)) for one in candidates]
