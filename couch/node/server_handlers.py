"""Endpoints of the server as a whole."""

import asyncio
import secrets

from aiohttp import web

from couch.node.access import require_server_admin
from couch.node.answers import HttpError, bad_request, json_answer
from couch.node.database_handlers import database_info
from couch.node.keys import CATALOG, IDENTITY, USER
from couch.node.parameters import boolean, count, json_body, json_parameter, require_json

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
    query = request.query
    names = request.app[CATALOG].names()
    start = json_parameter(query, "startkey", "start_key")
    end = json_parameter(query, "endkey", "end_key")
    if boolean(query.get("descending", "false")):
        names.reverse()
        start, end = end, start
    inclusive = boolean(query.get("inclusive_end", "true"))
    chosen = [
        name
        for name in names
        if (start is None or name >= str(start))
        and (end is None or name < str(end) or (inclusive and name == str(end)))
    ]
    skip = count(query.get("skip", "0"))
    limit = count(query.get("limit", str(len(chosen))))
    return json_answer(chosen[skip : skip + limit])


async def databases_info(request: web.Request) -> web.Response:
    """`POST /_dbs_info` for the named ones, `GET` for all."""
    require_server_admin(request[USER])
    catalog = request.app[CATALOG]
    if request.method == "POST":
        require_json(request)
        body = await json_body(request)
        keys = body.get("keys") if isinstance(body, dict) else None
        if not isinstance(keys, list):
            raise bad_request("`keys` member must exist.")
        if len(keys) > _MAX_INFOS:
            raise bad_request("`keys` member must be an array of at most 100 names.")
    else:
        keys = list(catalog.names())
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
    wanted = count(request.query.get("count", "1"))
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
