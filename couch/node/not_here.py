"""What CouchDB has and this node has not: each answers 501 in CouchDB's shape, never a wrong 200."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from couch.node.access import require_server_admin
from couch.node.answers import method_not_allowed, not_found, not_implemented
from couch.node.keys import USER

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SERVER = (
    "_node",
    "_membership",
    "_cluster_setup",
    "_reshard",
    "_search_analyze",
    "_nouveau_analyze",
    "_utils",
    "_stats",
    "_system",
    "_config",
    "_restart",
)
DATABASE = (
    "_find",
    "_index",
    "_explain",
    "_shards",
    "_sync_shards",
    "_partition",
    "_purged_infos",
    "_time_seq",
    "_auto_purge",
    "_temp_view",
)
DESIGN = ("_show", "_list", "_update", "_rewrite", "_search", "_search_info", "_nouveau", "_nouveau_info")


async def missing_feature(request: web.Request) -> web.Response:
    """501, naming what was asked for."""
    raise not_implemented(f"{request.path} is not part of this node.")


async def missing_server_feature(request: web.Request) -> web.Response:
    """501 for the administrator; others are not told what there is."""
    require_server_admin(request[USER])
    raise not_implemented(f"{request.path} is not part of this node.")


async def unknown_endpoint(request: web.Request) -> web.Response:
    """404 for a name below a database that CouchDB has not either."""
    raise not_found()


def only(*methods: str) -> Handler:
    """A handler that answers 405, naming the methods there are."""

    async def refuse(request: web.Request) -> web.Response:
        raise method_not_allowed(*methods)

    return refuse
