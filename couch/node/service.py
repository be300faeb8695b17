"""A running node: its parts put together, started and stopped in order."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from aiohttp import web

from couch.admission import Authorize
from couch.errors import Fault
from couch.node.auth import Authenticator, AuthOptions
from couch.node.catalog import SYSTEM_DATABASES, Catalog
from couch.node.door import Door, through_the_door
from couch.node.identity import DataFolder
from couch.node.js.engine import JsEngine
from couch.node.keys import (
    AUTH,
    CATALOG,
    DOOR,
    ENGINE,
    IDENTITY,
    REPLICATOR,
    SETTINGS,
    STOPPING,
    TASKS,
    VIEWS,
)
from couch.node.middleware import errors_in_shape, known_and_allowed
from couch.node.refusal_log import RefusalLog, server_logger
from couch.node.replicator.options import ReplicatorOptions
from couch.node.replicator.routes import routes as replicator_routes
from couch.node.replicator.service import ReplicatorService
from couch.node.routing import add_routes
from couch.node.settings import NodeSettings
from couch.node.tls_listener import ServerContext, TlsListener
from couch.node.views.http import routes as view_routes
from couch.node.views.service import ViewService

_log = logging.getLogger(__name__)

_SAFE_KEY = 32  # bytes; RFC 7518, 3.2
_THREADS = 8  # for SQLite and large JSON
_BACKLOG = 512
_SHUTDOWN_S = 5.0  # for requests that are at work when the node stops


# Given the settings of a node and its address on loopback: who judges what comes through its TLS listener.
Gatekeeper = Callable[[NodeSettings, str], Authorize]


class RunningNode:
    """A node that answers. `close` ends it; what was answered is on the disk in any case.

    `tls_url` is None where it has no listener for devices.
    """

    def __init__(self, url: str, tls_url: str | None, stack: AsyncExitStack) -> None:
        self.url, self.tls_url = url, tls_url
        self._stack = stack

    async def close(self) -> None:
        """Stop: feeds end, replications write last checkpoints, files close."""
        await self._stack.aclose()


async def start_node(settings: NodeSettings, gatekeeper: Gatekeeper | None = None) -> RunningNode:
    """Start a node in this event loop; `gatekeeper` is needed where the settings ask for a TLS listener.

    Raises:
        Fault: settings, data folder or port cannot be used.
    """
    jwt_key = settings.jwt_secret()
    if not settings.admin_password.reveal():
        raise Fault(
            "the node has no administrator. Set SURVEY_ADMIN_PASSWORD, or admin_password in its settings."
        )
    if jwt_key is not None and len(jwt_key) < _SAFE_KEY:
        _log.warning("the key of tokens has %d bytes: use %d or more", len(jwt_key), _SAFE_KEY)
    async with AsyncExitStack() as stack:
        executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="node")
        asyncio.get_running_loop().set_default_executor(executor)
        folder = DataFolder(Path(settings.data))
        stack.callback(folder.release)
        catalog = await asyncio.to_thread(Catalog, folder.path)
        stack.callback(catalog.close)
        engine = JsEngine(
            workers=settings.js_workers,
            time_limit_s=settings.js_time_limit_s,
            memory_limit_mb=settings.js_memory_limit_mb,
        )
        await engine.start()
        stack.push_async_callback(engine.close)
        for name in SYSTEM_DATABASES:
            if name not in catalog:
                await catalog.create(name)
        auth = Authenticator(
            catalog,
            AuthOptions(
                admin_password=settings.admin_password.reveal(),
                cookie_secret=folder.identity.cookie_secret,
                jwt_key=jwt_key,
                session_timeout_s=settings.session_timeout_s,
            ),
        )
        app = web.Application(
            middlewares=[errors_in_shape, through_the_door, known_and_allowed],
            client_max_size=settings.max_request_mb * 1024 * 1024,
        )
        app[CATALOG], app[ENGINE], app[AUTH], app[SETTINGS] = catalog, engine, auth, settings
        app[IDENTITY], app[STOPPING] = folder.identity, asyncio.Event()
        app[TASKS] = set[asyncio.Task[Any]]()
        views = ViewService(engine)
        app[VIEWS] = views
        stack.push_async_callback(views.close)
        catalog.on_removed.append(views.forget)
        listening = _listen(settings.bind, settings.port)
        stack.callback(listening.close)
        port = listening.getsockname()[1]
        replicator = ReplicatorService(
            base_url=lambda: f"http://{_loopback(settings.bind)}:{port}",
            internal_headers=auth.internal_headers,
            options=_replicator_options(settings),
        )
        app[REPLICATOR] = replicator
        add_routes(app.router, [view_routes(), replicator_routes(replicator)])
        url = f"http://{_shown(settings.bind)}:{port}"
        devices = None
        if settings.tls.certificate_file:
            devices = _for_devices(
                settings, gatekeeper, f"http://{_loopback(settings.bind)}:{port}", app, stack
            )
        runner = web.AppRunner(
            app,
            access_log=None if devices is None else server_logger(),
            access_log_class=RefusalLog,
            logger=server_logger(),
            shutdown_timeout=_SHUTDOWN_S,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        stack.push_async_callback(_finish_tasks, app)
        stack.callback(app[STOPPING].set)
        await web.SockSite(runner, listening, backlog=_BACKLOG).start()
        if devices is not None and runner.server is not None:
            devices.start(runner.server)
            stack.callback(devices.stop)
        await replicator.start()
        stack.push_async_callback(replicator.close)
        return RunningNode(url, None if devices is None else devices.url, stack.pop_all())


def _for_devices(
    settings: NodeSettings,
    gatekeeper: Gatekeeper | None,
    own_url: str,
    app: web.Application,
    stack: AsyncExitStack,
) -> TlsListener:
    """The listener for devices, not started yet, and its door in the application."""
    tls = settings.tls
    if gatekeeper is None:
        raise Fault(
            "a node with [tls] in its settings has to be started by `survey node`, which judges by it."
        )
    if not settings.jwt_key.reveal():
        raise Fault(
            "the node's TLS listener needs the key of tokens. Set jwt_key or SURVEY_JWT_KEY; "
            "make one with: openssl rand -base64 32"
        )
    context = ServerContext(tls)
    door = Door(gatekeeper(settings, own_url), tls, context.names())
    stack.push_async_callback(door.close)
    app[DOOR] = door
    listening = _listen(tls.bind, tls.port)
    listener = TlsListener(
        listening, context, tls, f"https://{_shown(tls.bind)}:{listening.getsockname()[1]}"
    )
    stack.callback(listening.close)
    stack.push_async_callback(listener.close)  # after the last request was answered
    return listener


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as err:
        listening.close()
        reason = (err.strerror or type(err).__name__).lower()
        if err.errno == errno.EADDRINUSE:
            help_ = "Stop what listens there, or choose another --port (0 takes a free one)."
        else:
            help_ = "Give an address of this machine with --bind, and a port that you may use with --port."
        raise Fault(f"the node cannot listen on {host}, port {port}: {reason}. {help_}") from err
    return listening


def _loopback(bind: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(bind, _shown(bind))  # noqa: S104 - a name to replace


def _shown(bind: str) -> str:
    return f"[{bind}]" if ":" in bind else bind


def _replicator_options(settings: NodeSettings) -> ReplicatorOptions:
    given = settings.replicator
    return ReplicatorOptions(
        cert_file=Path(given.cert_file) if given.cert_file else None,
        key_file=Path(given.key_file) if given.key_file else None,
        ssl_ca=Path(given.ssl_ca) if given.ssl_ca else None,
        checkpoint_interval_s=given.checkpoint_interval_s,
    )


async def _finish_tasks(app: web.Application) -> None:
    tasks = app[TASKS]
    if tasks:
        await asyncio.wait(tasks)
