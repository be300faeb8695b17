"""What happens around every request: errors in CouchDB's shape, who asks, whether they may."""

import logging
import sqlite3
from collections.abc import Awaitable, Callable

from aiohttp import web

from couch.node.access import is_admin, require_member, require_server_admin
from couch.node.answers import HttpError, error_answer, forbidden, method_not_allowed, not_found, unauthorized
from couch.node.connections import DatabaseGoneError
from couch.node.database import database_missing
from couch.node.js.outcome import JsError
from couch.node.keys import AUTH, CATALOG, DATABASE, USER
from couch.node.user import UserCtx

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = logging.getLogger(__name__)

# Below the server, who may ask beside its administrator. Everything else that starts so is for the latter.
_OPEN = frozenset({"", "_up", "_uuids", "_session", "_dbs_info", "_active_tasks"})
_FOR_USERS = frozenset({"_replicate"})
_SYSTEM = frozenset({"_users", "_replicator"})
_FOR_SERVER_ADMIN = frozenset({"_purge", "_purged_infos_limit", "_sync_shards"})
_FOR_DATABASE_ADMIN = frozenset({"_compact", "_view_cleanup"})


@web.middleware
async def errors_in_shape(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong, the answer is JSON with `error` and `reason`."""
    try:
        return await handler(request)
    except (HttpError, JsError, web.HTTPException, DatabaseGoneError, sqlite3.OperationalError) as err:
        if _is_answered(request):
            raise  # the connection is cut, so that the reader does not take half an answer for the whole
        return error_answer(_translated(err))
    except ConnectionError:
        # The reader went away: there is nobody to tell anything.
        return web.Response()
    except Exception as err:
        # A fault of this program must not look like a dead server.
        if _is_answered(request):
            raise
        _log.exception("a request failed: %s %s", request.method, request.path)
        return error_answer(HttpError(500, "internal_server_error", type(err).__name__))


def _is_answered(request: web.Request) -> bool:
    writer = request.writer
    return writer is not None and writer.output_size > 0


def _translated(
    err: HttpError | JsError | web.HTTPException | DatabaseGoneError | sqlite3.OperationalError,
) -> HttpError:
    """What went wrong in CouchDB's words."""
    if isinstance(err, HttpError):
        return err
    if isinstance(err, JsError):
        return HttpError(err.status, err.error, err.reason)
    if isinstance(err, DatabaseGoneError):
        return database_missing()
    if isinstance(err, sqlite3.OperationalError):
        _log.error("the storage refused: %s", err)
        return HttpError(507, "insufficient_storage", f"The storage refused: {err}.")
    return _refused_by_server(err)


def _refused_by_server(err: web.HTTPException) -> HttpError:
    if isinstance(err, web.HTTPMethodNotAllowed):
        return method_not_allowed(*sorted(err.allowed_methods))
    if isinstance(err, web.HTTPRequestEntityTooLarge):
        return HttpError(413, "too_large", "the request entity is too large")
    return not_found() if err.status == 404 else HttpError(err.status, "error", err.reason)


@web.middleware
async def known_and_allowed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Puts the user and the database into the request, once both are settled."""
    auth = request.app[AUTH]
    user = await auth.user_of(request)
    request[USER] = user
    await _authorize(request, user)
    response = await handler(request)
    if user.handler == "cookie" and not response.prepared and "Set-Cookie" not in response.headers:
        fresh = await auth.renewed_cookie(request)
        if fresh is not None:
            response.headers["Set-Cookie"] = fresh
    return response


async def _authorize(request: web.Request, user: UserCtx) -> None:
    """Source: CouchDB `chttpd_auth_request:authorize_request_int/1`."""
    name = request.match_info.get("db")
    raw = request.rel_url.raw_path.rstrip("/").split("/")
    first = raw[1] if len(raw) > 1 else ""
    second = raw[2] if len(raw) > 2 else ""
    if name is None or (first.startswith("_") and first not in _SYSTEM):
        _authorize_server(first, user)
    if name is None:
        return
    if not second and request.method in ("PUT", "DELETE"):
        require_server_admin(user)
        return
    if second in _FOR_SERVER_ADMIN or (name in _SYSTEM and second in ("_all_docs", "_changes")):
        require_server_admin(user)
    database = await request.app[CATALOG].get(name)
    require_member(database.state.security, user)
    if name == "_replicator" and not user.is_admin:
        # Its documents hold credentials of others, whoever may be a member.
        raise forbidden("You are not allowed to access this db.")
    if second in _FOR_DATABASE_ADMIN and not is_admin(database.state.security, user):
        raise unauthorized("You are not a server or db admin.")
    request[DATABASE] = database


def _authorize_server(first: str, user: UserCtx) -> None:
    if first in _OPEN:
        return
    if first in _FOR_USERS:
        if user.name is None and not user.is_admin:
            raise unauthorized("You are not an authenticated user")
        return
    require_server_admin(user)
