"""The parts that request handlers find in the application, by typed key."""

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from couch.node.auth import Authenticator
    from couch.node.catalog import Catalog
    from couch.node.database import Database
    from couch.node.door import Door
    from couch.node.identity import Identity
    from couch.node.js.engine import JsEngine
    from couch.node.replicator.service import ReplicatorService
    from couch.node.settings import NodeSettings
    from couch.node.user import UserCtx
    from couch.node.views.service import ViewService

ENGINE: "web.AppKey[JsEngine]" = web.AppKey("ENGINE")
CATALOG: "web.AppKey[Catalog]" = web.AppKey("CATALOG")
VIEWS: "web.AppKey[ViewService]" = web.AppKey("VIEWS")
REPLICATOR: "web.AppKey[ReplicatorService]" = web.AppKey("REPLICATOR")
AUTH: "web.AppKey[Authenticator]" = web.AppKey("AUTH")
DOOR: "web.AppKey[Door]" = web.AppKey("DOOR")  # where the node has a TLS listener
SETTINGS: "web.AppKey[NodeSettings]" = web.AppKey("SETTINGS")
IDENTITY: "web.AppKey[Identity]" = web.AppKey("IDENTITY")
STOPPING: "web.AppKey[asyncio.Event]" = web.AppKey("STOPPING")  # set when the node stops
TASKS: "web.AppKey[set[asyncio.Task[Any]]]" = web.AppKey("TASKS")  # awaited when the node stops

# Under these names a request carries what the middleware found out about it.
DATABASE: "web.RequestKey[Database]" = web.RequestKey("DATABASE")  # the caller may read it
USER: "web.RequestKey[UserCtx]" = web.RequestKey("USER")
