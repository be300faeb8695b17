"""Endpoints of the server as a whole."""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping

from aiohttp import web

from couch.node.access import require_server_admin
from couch.node.all_docs_query import AllDocsQuery
from couch.node.answers import HttpError, bad_request, json_answer
from couch.node.database_handlers import database_info
from couch.node.keys import CATALOG, IDENTITY, USER
from couch.node.parameters import json_body, require_json

COUCHDB_VERSION = "3.5.0"  # the version whose behaviour this node shows
_MAX_UUIDS = 1000
_MAX_INFOS = 100


async def welcome(request: web.Request) -> web.Response:
    """`GET /`."""
    return json_answer(
        {
            "couchdb": "Welcome",
            "version": COUCHDB_VERSION,
            "uuid": request.app[IDENTITY].uuid,
            "features": ["embedded"],
            "vendor": {"name": "household-energy-survey"},
        }
    )


async def up(request: web.Request) -> web.Response:
    """`GET /_up`."""
    return json_answer({"status": "ok", "seeds": {}})


async def all_databases(request: web.Request) -> web.Response:
    """`GET /_all_dbs`: names in order, by range."""
    names = _chosen(request.app[CATALOG].names(), request.query)
    etag = hashlib.sha256("/".join(names).encode()).hexdigest()[:25].upper()
    return json_answer(names, headers={"ETag": f'"{etag}"'})


def _chosen(names: list[str], query: Mapping[str, str]) -> list[str]:
    """The part of the sorted `names` that a query asks for."""
    asked = AllDocsQuery.parse(query, {})
    if asked.descending:
        names = names[::-1]
    low, high = (asked.end, asked.start) if asked.descending else (asked.start, asked.end)
    chosen = [
        name
        for name in names
        if (low is None or name >= low)
        and (high is None or name <= high)
        and (asked.inclusive_end or name != asked.end)
    ]
    return chosen[asked.skip :][: asked.limit]


async def databases_info(request: web.Request) -> web.Response:
    """`POST /_dbs_info` for the named ones, `GET` for all."""
    require_server_admin(request[USER])
    catalog = request.app[CATALOG]
    if request.method == "POST":
        require_json(request)
        body = await json_body(request)
        if not isinstance(body, dict) or "keys" not in body:
            raise bad_request("`keys` member must exist.")
        keys = body["keys"]
        if not isinstance(keys, list):
            raise bad_request("`keys` member must be an array.")
        if len(keys) > _MAX_INFOS:
            raise bad_request("too_many_keys")
    else:
        keys = _chosen(catalog.names(), request.query)
    rows = []
    for key in keys:
        try:
            database = await catalog.get(key)
        except HttpError:
            rows.append({"key": key, "error": "not_found"})
            continue
        rows.append({"key": key, "info": await asyncio.to_thread(database_info, database)})
    return json_answer(rows)


async def uuids(request: web.Request) -> web.Response:
    """`GET /_uuids`: fresh ids, never to be cached."""
    asked = request.query.get("count", "1")
    if not (asked.isascii() and asked.isdigit()):
        raise bad_request("count must be a positive integer")
    wanted = int(asked)
    if wanted > _MAX_UUIDS:
        raise bad_request("count parameter too large")
    headers = {
        "Cache-Control": "no-cache",
        "Expires": "Fri, 01 Jan 1990 00:00:00 GMT",
        "Pragma": "no-cache",
        "ETag": f'"{secrets.token_hex(12)}"',
    }
    return json_answer({"uuids": [secrets.token_hex(16) for _ in range(wanted)]}, headers=headers)


async def active_tasks(request: web.Request) -> web.Response:
    """`GET /_active_tasks`: nothing here runs long enough to be listed."""
    require_server_admin(request[USER])
    return json_answer([])
