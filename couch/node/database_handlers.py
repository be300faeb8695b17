"""Endpoints of a database as a whole."""

import asyncio
import logging
import secrets
import sqlite3
from typing import Any

from aiohttp import web

from couch.node.access import check_security, require_admin
from couch.node.accounts import USERS
from couch.node.answers import HttpError, bad_request, forbidden, json_answer
from couch.node.connections import DatabaseGoneError
from couch.node.database import Database
from couch.node.edits import parse_edit
from couch.node.keys import CATALOG, DATABASE, TASKS, USER
from couch.node.parameters import json_body, own_url, require_json
from couch.node.revision import is_integer, rev_text
from couch.node.sequences import plain_sequence, sequence_text
from couch.node.updates import update_documents

_log = logging.getLogger(__name__)


def database_info(database: Database) -> dict[str, Any]:
    """What `GET /{db}` shows. Blocks."""
    state = database.state
    size = database.file_size()
    return {
        "instance_start_time": str(state.created),
        "db_name": database.name,
        "purge_seq": plain_sequence(state.purge_seq),
        "update_seq": sequence_text(state.update_seq, state.instance),
        "sizes": {"file": size, "external": size, "active": size},
        "props": {},
        "doc_del_count": state.deleted_count,
        "doc_count": state.doc_count,
        "disk_format_version": 8,
        "compact_running": database.compacting,
        "cluster": {"q": 1, "n": 1, "w": 1, "r": 1},
    }


async def create_database(request: web.Request) -> web.Response:
    """`PUT /{db}`. `q` and `n` are accepted: here a database is one file."""
    name = request.match_info["db"]
    if request.query.get("partitioned") == "true":
        raise HttpError(501, "not_implemented", "Partitioned databases are not supported by this node.")
    await request.app[CATALOG].create(name)
    return json_answer({"ok": True}, status=201, headers={"Location": own_url(request, name)})


async def delete_database(request: web.Request) -> web.Response:
    """`DELETE /{db}`."""
    if "rev" in request.query:
        raise bad_request(
            "You tried to DELETE a database with a ?=rev parameter. "
            "Did you mean to DELETE a document instead?"
        )
    await request.app[CATALOG].remove(request.match_info["db"])
    return json_answer({"ok": True})


async def show_database(request: web.Request) -> web.Response:
    """`GET /{db}`."""
    return json_answer(await asyncio.to_thread(database_info, request[DATABASE]))


async def post_document(request: web.Request) -> web.Response:
    """`POST /{db}`: a document whose id is in it, or is made here."""
    require_json(request)
    edit = parse_edit(await json_body(request))
    if not edit.id:
        edit = edit.with_id(secrets.token_hex(16))
    database: Database = request[DATABASE]
    (result,) = await update_documents(request, database, [edit], new_edits=True)
    if isinstance(result, HttpError):
        raise result
    if request.query.get("batch") == "ok":
        return json_answer({"ok": True, "id": edit.id}, status=202)
    body = {"ok": True, "id": edit.id, "rev": rev_text(result) if result else None}
    return json_answer(body, status=201, headers={"Location": own_url(request, database.name, edit.id)})


async def show_security(request: web.Request) -> web.Response:
    """`GET /{db}/_security`."""
    return json_answer(request[DATABASE].state.security)


async def set_security(request: web.Request) -> web.Response:
    """`PUT /{db}/_security`. After the answer no write is judged by the old one."""
    database: Database = request[DATABASE]
    if database.name == USERS:
        raise forbidden("You can't edit the security object of the user database.")
    require_admin(database.state.security, request[USER])
    security = check_security(await json_body(request))
    async with database.lock:
        await asyncio.to_thread(database.set_security, security)
    return json_answer({"ok": True})


async def show_revs_limit(request: web.Request) -> web.Response:
    """`GET /{db}/_revs_limit`."""
    return json_answer(request[DATABASE].state.revs_limit)


async def set_revs_limit(request: web.Request) -> web.Response:
    """`PUT /{db}/_revs_limit`: how much ancestry later writes keep."""
    database: Database = request[DATABASE]
    require_admin(database.state.security, request[USER])
    limit = await json_body(request)
    if not is_integer(limit) or limit < 1:
        raise bad_request("`revs_limit` must be positive integer")
    async with database.lock:
        await asyncio.to_thread(database.set_revs_limit, limit)
    return json_answer({"ok": True})


async def show_purged_infos_limit(request: web.Request) -> web.Response:
    """`GET /{db}/_purged_infos_limit`."""
    return json_answer(request[DATABASE].state.purged_infos_limit)


async def set_purged_infos_limit(request: web.Request) -> web.Response:
    """`PUT /{db}/_purged_infos_limit`: kept and shown; this node forgets no purge."""
    database: Database = request[DATABASE]
    limit = await json_body(request)
    if not is_integer(limit) or limit < 1:
        raise bad_request("`purged_infos_limit` must be positive integer")
    async with database.lock:
        await asyncio.to_thread(database.set_purged_infos_limit, limit)
    return json_answer({"ok": True})


async def ensure_full_commit(request: web.Request) -> web.Response:
    """`POST /{db}/_ensure_full_commit`: everything answered is on the disk already."""
    require_json(request)
    body = {"ok": True, "instance_start_time": str(request[DATABASE].state.created)}
    return json_answer(body, status=201)


async def compact(request: web.Request) -> web.Response:
    """`POST /{db}/_compact`: begins, and answers at once."""
    require_json(request)
    database: Database = request[DATABASE]
    if not database.compacting:
        database.compacting = True
        tasks = request.app[TASKS]
        task = asyncio.create_task(_compact(database))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    return json_answer({"ok": True}, status=202)


async def _compact(database: Database) -> None:
    try:
        after: str | None = ""
        while after is not None:
            async with database.lock:
                if database.removed:
                    return
                after = await asyncio.to_thread(database.drop_old_bodies, after)
        async with database.lock:
            if not database.removed:
                await asyncio.to_thread(database.connections.rewrite)
    except (OSError, sqlite3.Error, DatabaseGoneError) as err:
        # A full disk, for example: the database is as it was, only not smaller.
        _log.warning("compaction of %s stopped: %s", database.name, err)
    finally:
        database.compacting = False
