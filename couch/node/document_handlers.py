"""Single documents: read, write, delete, copy; design and `_local` ones too."""

import asyncio
import re
from urllib.parse import unquote, unquote_to_bytes

from aiohttp import web

from couch.node.answers import HttpError, bad_request, json_answer, not_found, not_implemented, raw_answer
from couch.node.database import Database
from couch.node.edits import Edit, parse_edit, validate_id
from couch.node.keys import DATABASE
from couch.node.parameters import json_body, own_url, parse_json
from couch.node.reading import ReadOptions, Shown, show_document, show_revisions
from couch.node.revision import Rev, parse_rev, rev_text
from couch.node.updates import update_documents

DOCUMENT_METHODS = ("DELETE", "GET", "HEAD", "POST", "PUT", "COPY")


def document_id(request: web.Request) -> str:
    """The id in the address: `{doc}`, `_design/{ddoc}` or `_local/{local}`.

    Raises:
        HttpError: 400 where it is no text.
    """
    info = request.match_info
    try:
        unquote_to_bytes(request.rel_url.raw_path).decode()
    except UnicodeDecodeError as err:
        raise HttpError(400, "illegal_docid", "Document id must be valid UTF-8") from err
    if "ddoc" in info:
        return f"_design/{info['ddoc']}"
    if "local" in info:
        return f"_local/{info['local']}"
    return str(info["doc"])


async def get_document(request: web.Request) -> web.Response:
    """`GET /{db}/{doc}`."""
    database: Database = request[DATABASE]
    raw = request.raw_path
    if "_design%2F" in raw or "_design%2f" in raw:
        location = re.sub("_design%2f", "_design/", raw, count=1, flags=re.IGNORECASE)
        return web.Response(status=301, headers={"Location": f"{request.scheme}://{request.host}{location}"})
    options = ReadOptions.from_query(request.query)
    doc_id = document_id(request)
    if options.open_revs is not None:
        texts = await asyncio.to_thread(_revisions, database, doc_id, options)
        accept = request.headers.get("Accept", "*/*")
        if "application/json" not in accept and "multipart/mixed" in accept:
            raise not_implemented("Answers in multipart form are not supported by this node.")
        return raw_answer(f"[{','.join(texts)}]\n".encode())
    shown = await asyncio.to_thread(_shown, database, doc_id, options)
    if not shown.plain:
        return raw_answer(shown.text.encode() + b"\n")
    etag = f'"{shown.rev}"'
    if etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers={"ETag": etag})
    return raw_answer(shown.text.encode() + b"\n", headers={"ETag": etag})


async def put_document(request: web.Request) -> web.Response:
    """`PUT /{db}/{doc}`."""
    doc_id = document_id(request)
    new_edits = request.query.get("new_edits") != "false"
    validate_id(doc_id)
    if request.headers.get("Content-Type", "").startswith("multipart/related"):
        raise not_implemented("Attachments are not supported by this node.")
    edit = _with_named_rev(request, parse_edit(await json_body(request)).with_id(doc_id))
    if not new_edits and edit.rev is None:
        raise bad_request("When `new_edits: false`, the document needs `_rev` or `_revisions` specified")
    rev = await _write(request, edit, new_edits=new_edits)
    location = own_url(request, request[DATABASE].name, doc_id)
    if request.query.get("batch") == "ok":
        return json_answer({"ok": True, "id": doc_id}, status=202)
    return _written(doc_id, rev, 200 if edit.deleted else 201, location)


async def delete_document(request: web.Request) -> web.Response:
    """`DELETE /{db}/{doc}`."""
    doc_id = document_id(request)
    database: Database = request[DATABASE]
    await asyncio.to_thread(_shown, database, doc_id, ReadOptions())
    edit = _with_named_rev(request, Edit(doc_id, 0, (), True, {}))
    rev = await _write(request, edit, new_edits=True)
    return _written(doc_id, rev, 200)


async def copy_document(request: web.Request) -> web.Response:
    """`COPY /{db}/{doc}` to the id in the `Destination` header (`id` or `id?rev=...`)."""
    destination = request.headers.get("Destination")
    if not destination:
        raise bad_request("Destination header is mandatory for COPY.")
    path, _, query = destination.partition("?")
    target = validate_id(unquote(path.rsplit("/", 1)[-1] if "://" in path else path))
    target_rev = parse_rev(query.removeprefix("rev=")) if query.startswith("rev=") else None
    options = ReadOptions(rev=_named_rev(request, None))
    database: Database = request[DATABASE]
    shown = await asyncio.to_thread(_shown, database, document_id(request), options)
    source = parse_edit(parse_json(shown.text))
    edit = Edit(target, 0, (), source.deleted, source.body)
    rev = await _write(request, edit if target_rev is None else edit.with_rev(target_rev), new_edits=True)
    return _written(target, rev, 201, own_url(request, database.name, target))


async def post_to_document(request: web.Request) -> web.Response:
    """`POST /{db}/{doc}`: a form with attachments."""
    raise not_implemented("Attachments are not supported by this node.")


async def attachment(request: web.Request) -> web.Response:
    """Anything below a document."""
    raise not_implemented("Attachments are not supported by this node.")


async def invalid_local(request: web.Request) -> web.Response:
    """`/{db}/_local` without a name."""
    raise bad_request("Invalid _local document id.")


async def local_attachment(request: web.Request) -> web.Response:
    """Anything below a `_local` document."""
    raise bad_request("_local documents do not accept attachments.")


def _shown(database: Database, doc_id: str, options: ReadOptions) -> Shown:
    with database.connections.reading() as connection:
        return show_document(connection, doc_id, options)


def _revisions(database: Database, doc_id: str, options: ReadOptions) -> list[str]:
    with database.connections.reading() as connection:
        return show_revisions(connection, doc_id, options)


async def _write(request: web.Request, edit: Edit, *, new_edits: bool) -> Rev:
    (result,) = await update_documents(request, request[DATABASE], [edit], new_edits=new_edits)
    if isinstance(result, HttpError):
        raise result
    rev = result or edit.rev
    if rev is None:
        raise not_found()
    return rev


def _written(doc_id: str, rev: Rev, status: int, location: str | None = None) -> web.Response:
    text = rev_text(rev)
    headers = {"ETag": f'"{text}"'}
    if location is not None:
        headers["Location"] = location
    return json_answer({"ok": True, "id": doc_id, "rev": text}, status=status, headers=headers)


def _with_named_rev(request: web.Request, edit: Edit) -> Edit:
    """The edit with the revision from address or header; what stands in the document must agree."""
    query = request.query.get("rev")
    if query is not None and edit.rev is not None and parse_rev(query) != edit.rev:
        reason = "Document rev from request body and query string have different values"
        raise bad_request(reason)
    rev = _named_rev(request, edit.rev)
    return edit if rev is None or rev == edit.rev else edit.with_rev(rev)


def _named_rev(request: web.Request, explicit: Rev | None) -> Rev | None:
    if explicit is None and "rev" in request.query:
        explicit = parse_rev(request.query["rev"])
    header = request.headers.get("If-Match")
    if header is None:
        return explicit
    matched = parse_rev(header.strip('"'))
    if explicit is not None and explicit != matched:
        raise bad_request("Document rev and etag have different values")
    return matched
