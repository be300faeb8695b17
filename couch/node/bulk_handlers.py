"""Many documents in one request: `_bulk_docs`, `_bulk_get`, `_revs_diff`, `_missing_revs`, `_purge`."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from couch.node.answers import HttpError, bad_request, json_answer, not_implemented, raw_answer
from couch.node.database import Database
from couch.node.edits import Edit, parse_edit, validate_id
from couch.node.keys import CATALOG, DATABASE
from couch.node.parameters import as_object, json_object, parse_json, read_body, require_json
from couch.node.reading import ReadOptions, open_revisions
from couch.node.revision import Rev, parse_rev, parse_revs, rev_text
from couch.node.stored import json_text, read_many
from couch.node.updates import update_documents
from couch.node.writing import Result

_PURGED_IDS = 100  # CouchDB: [purge] max_document_id_number
_PURGED_REVS = 1000
_UNACCEPTABLE = ("open_revs", "new_edits", "w", "rev", "atts_since")


async def bulk_docs(request: web.Request) -> web.Response:
    """`POST /{db}/_bulk_docs`: each document stands for itself."""
    require_json(request)
    edits, new_edits, together = await asyncio.to_thread(_parse_bulk, await read_body(request))
    if together:
        refused = HttpError(417, "not_implemented", "all_or_nothing is not supported")
        return json_answer([_failure(edit, refused) for edit in edits], status=417)
    database: Database = request[DATABASE]
    results = await update_documents(request, database, edits, new_edits=new_edits)
    pairs = zip(edits, results, strict=True)
    if new_edits:
        return json_answer([_outcome(edit, result) for edit, result in pairs], status=201)
    return json_answer(
        [_failure(edit, result) for edit, result in pairs if isinstance(result, HttpError)], status=201
    )


def _parse_bulk(raw: bytes) -> tuple[list[Edit], bool, bool]:
    body = as_object(parse_json(raw))
    if "docs" not in body:
        raise bad_request("POST body must include `docs` parameter.")
    if not isinstance(body["docs"], list):
        raise bad_request("`docs` parameter must be an array.")
    new_edits = body.get("new_edits", True)
    edits = []
    for document in body["docs"]:
        edit = parse_edit(document)
        if new_edits is False and edit.rev is None:
            raise bad_request("When `new_edits: false`, the document needs `_rev` or `_revisions` specified")
        edits.append(edit if edit.id else edit.with_id(secrets.token_hex(16)))
    if not isinstance(new_edits, bool):
        raise bad_request("`new_edits` parameter must be a boolean.")
    return edits, new_edits, new_edits and body.get("all_or_nothing") is True


def _outcome(edit: Edit, result: Result) -> dict[str, Any]:
    if isinstance(result, HttpError):
        return {"id": edit.id, **result.body()}
    return {"ok": True, "id": edit.id, "rev": rev_text(result) if result else None}


def _failure(edit: Edit, error: HttpError) -> dict[str, Any]:
    rev = "0-" if edit.rev is None else rev_text(edit.rev)
    return {"id": edit.id, "rev": rev, **error.body()}


async def bulk_get(request: web.Request) -> web.Response:
    """`POST /{db}/_bulk_get`: documents and revisions by name."""
    for name in _UNACCEPTABLE:
        if name in request.query:
            raise bad_request(f'"{name}" query parameter is not acceptable')
    body = await json_object(request)
    if "docs" not in body:
        raise bad_request("Missing JSON list of 'docs'.")
    wanted = body["docs"]
    if not isinstance(wanted, list):
        raise bad_request("Missing JSON list of 'docs'.")
    accept = request.headers.get("Accept", "*/*")
    if "application/json" not in accept and "*/*" not in accept and "multipart/" in accept:
        raise not_implemented("Answers in multipart form are not supported by this node.")
    options = ReadOptions.from_query(request.query)
    answer = await asyncio.to_thread(_got, request[DATABASE], wanted, options)
    return raw_answer(answer)


def _got(database: Database, wanted: Sequence[Any], options: ReadOptions) -> bytes:
    results = []
    with database.connections.reading() as connection:
        for one in wanted:
            if not isinstance(one, dict) or not one:
                results.append(_not_got(None, None, "bad_request", "document must be a JSON object"))
                continue
            doc_id, rev = one.get("id"), one.get("rev")
            if doc_id is None:
                results.append(_not_got(None, None, "bad_request", "document id missed"))
                continue
            try:
                validate_id(doc_id)
                revs = () if rev is None else (parse_rev(rev),)
            except HttpError as err:
                results.append(_not_got(doc_id, rev, err.error, err.reason))
                continue
            asked = ReadOptions(open_revs=revs, revs=options.revs, latest=options.latest)
            found, missing = open_revisions(connection, doc_id, asked)
            if not found:
                shown = rev_text(missing[0]) if missing else "undefined"
                results.append(_not_got(doc_id, shown, "not_found", "missing"))
                continue
            docs = ",".join(f'{{"ok":{text}}}' for text in found)
            results.append(f'{{"id":{json_text(doc_id)},"docs":[{docs}]}}')
    return f'{{"results":[{",".join(results)}]}}\n'.encode()


def _not_got(doc_id: Any, rev: Any, error: str, reason: str) -> str:
    failure = {"id": doc_id, "rev": rev, "error": error, "reason": reason}
    return json_text({"id": doc_id, "docs": [{"error": failure}]})


async def revs_diff(request: web.Request) -> web.Response:
    """`POST /{db}/_revs_diff`: which of these revisions are not here."""
    wanted = _wanted_revs(await json_object(request))
    found = await asyncio.to_thread(_missing, request[DATABASE], wanted)
    answer = {}
    for doc_id, (missing, ancestors) in found.items():
        answer[doc_id] = {"missing": [rev_text(rev) for rev in missing]}
        if ancestors:
            answer[doc_id]["possible_ancestors"] = [rev_text(rev) for rev in ancestors]
    return json_answer(answer)


async def missing_revs(request: web.Request) -> web.Response:
    """`POST /{db}/_missing_revs`: the older form of `_revs_diff`."""
    wanted = _wanted_revs(await json_object(request))
    found = await asyncio.to_thread(_missing, request[DATABASE], wanted)
    answer = {doc_id: [rev_text(rev) for rev in missing] for doc_id, (missing, _) in found.items()}
    return json_answer({"missing_revs": answer})


def _missing(
    database: Database, wanted: Mapping[str, Sequence[Rev]]
) -> dict[str, tuple[list[Rev], list[Rev]]]:
    with database.connections.reading() as connection:
        stored = read_many(connection, wanted)
    found = {}
    for doc_id, revs in wanted.items():
        document = stored.get(doc_id)
        missing = sorted(revs) if document is None else document.tree.missing(revs)
        if missing:
            found[doc_id] = missing, [] if document is None else document.tree.possible_ancestors(missing)
    return found


async def purge(request: web.Request) -> web.Response:
    """`POST /{db}/_purge`: revisions go as if they had never been; this does not replicate."""
    wanted = _wanted_revs(await json_object(request))
    if len(wanted) > _PURGED_IDS:
        raise bad_request("Exceeded maximum number of documents.")
    if sum(len(revs) for revs in wanted.values()) > _PURGED_REVS:
        raise bad_request("Exceeded maximum number of revisions.")
    database: Database = request[DATABASE]
    async with database.lock:
        removed = await asyncio.to_thread(database.purge, wanted)
        database.announce()
    request.app[CATALOG].updates.record(database.name, "updated")
    purged = {doc_id: [rev_text(rev) for rev in revs] for doc_id, revs in removed.items()}
    return json_answer({"purge_seq": None, "purged": purged}, status=201)


def _wanted_revs(body: Mapping[str, Any]) -> dict[str, list[Rev]]:
    return {doc_id: parse_revs(revs) for doc_id, revs in body.items()}
