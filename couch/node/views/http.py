"""The addresses of views: queries, information, upkeep. The middleware has seen to who may use them."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import replace

from aiohttp import web

from couch.node.answers import bad_request, json_answer, method_not_allowed, raw_answer
from couch.node.keys import DATABASE, VIEWS
from couch.node.parameters import json_object
from couch.node.views.definition import View, ViewGroup
from couch.node.views.parameters import QueryParameters, check_parameters, from_body, from_url
from couch.node.views.service import ViewService

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_ONE = "/{db}/_design/{ddoc}/_view/{view}"
_QUERIES = "/{db}/_design/{ddoc}/_view/{view}/queries"
_NONE = "/{db}/_design/{ddoc}/_view"
_BELOW = "/{db}/_design/{ddoc}/_view/{view}/{rest:.+}"
_INFO = "/{db}/_design/{ddoc}/_info"
_CLEANUP = "/{db}/_view_cleanup"
_COMPACT = "/{db}/_compact/{ddoc}"


def routes() -> list[web.RouteDef]:
    """What to add to the application's router."""
    return [
        *_methods(_ONE, ("GET", "POST", "HEAD"), GET=_get_view, POST=_post_view),
        *_methods(_QUERIES, ("POST",), POST=_post_queries),
        *_methods(_NONE, ("GET", "POST", "HEAD")),
        *_methods(_BELOW, ("GET", "POST", "HEAD")),
        *_methods(_INFO, ("GET",), GET=_get_info),
        *_methods(_CLEANUP, ("POST",), POST=_post_cleanup),
        *_methods(_COMPACT, ("POST",), POST=_post_compact),
    ]


def _methods(path: str, named: tuple[str, ...], **handlers: Handler) -> list[web.RouteDef]:
    """Routes of one address; the last refuses every other method, naming those of `named`."""

    async def refuse(_request: web.Request) -> web.StreamResponse:
        raise method_not_allowed(*named)

    routes = [web.route(method, path, handler) for method, handler in handlers.items()]
    return [*routes, web.route("*", path, refuse)]


async def _get_view(request: web.Request) -> web.StreamResponse:
    group, view = await _view(request)
    return await _send(request, _answer(request, group, view, from_url(request.query.items())))


async def _post_view(request: web.Request) -> web.StreamResponse:
    body = await json_object(request)
    if "queries" in body:
        raise bad_request("The `queries` parameter is no longer supported at this endpoint")
    if not isinstance(body.get("keys", []), list):
        raise bad_request("`keys` member must be an array.")
    group, view = await _view(request)
    parameters = from_url(request.query.items(), from_body(body))
    return await _send(request, _answer(request, group, view, parameters))


async def _post_queries(request: web.Request) -> web.StreamResponse:
    body = await json_object(request)
    if "queries" not in body:
        raise bad_request("POST body must include `queries` parameter.")
    queries = body["queries"]
    if not isinstance(queries, list):
        raise bad_request("`queries` member must be an array.")
    if not all(isinstance(query, dict) for query in queries):
        raise bad_request("`queries` must be an array of objects.")
    group, view = await _view(request)
    base = from_url(request.query.items())
    wanted = [from_body(query, base) for query in queries]
    for parameters in wanted:
        check_parameters(parameters, view)
    return await _send(request, _answers(request, group, view, wanted))


async def _answers(
    request: web.Request, group: ViewGroup, view: View, wanted: list[QueryParameters]
) -> AsyncGenerator[bytes, None]:
    yield b'{"results":[\r\n'
    for number, parameters in enumerate(wanted):
        if number:
            yield b",\r\n"
        # All answers tell of the same state: the index is brought up to date for the first.
        one = parameters if number == 0 else replace(parameters, update="false")
        async with aclosing(_answer(request, group, view, one)) as pieces:
            async for piece in pieces:
                yield piece
    yield b"\r\n]}"


def _answer(
    request: web.Request, group: ViewGroup, view: View, parameters: QueryParameters
) -> AsyncGenerator[bytes, None]:
    return _service(request).answer(request[DATABASE], group, view, parameters)


async def _send(request: web.Request, pieces: AsyncGenerator[bytes, None]) -> web.StreamResponse:
    """A short answer at once, a long one as it comes; an error early enough gets its own status."""
    async with aclosing(pieces):
        first = await anext(pieces)
        second = await anext(pieces, None)
        if second is None:
            return raw_answer(first + b"\n")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        with suppress(ConnectionError):  # whoever asked has gone: nobody is left to tell
            await response.prepare(request)
            await response.write(first)
            await response.write(second)
            async for piece in pieces:
                await response.write(piece)
            await response.write(b"\n")
            await response.write_eof()
        return response


async def _get_info(request: web.Request) -> web.StreamResponse:
    name = request.match_info["ddoc"]
    group = await _group(request)
    return json_answer({"name": name, "view_index": await _service(request).info(request[DATABASE], group)})


async def _post_cleanup(request: web.Request) -> web.StreamResponse:
    await _service(request).cleanup(request[DATABASE])
    return json_answer({"ok": True}, status=202)


async def _post_compact(request: web.Request) -> web.StreamResponse:
    await _service(request).compact(request[DATABASE], await _group(request))
    return json_answer({"ok": True}, status=202)


async def _view(request: web.Request) -> tuple[ViewGroup, View]:
    group = await _group(request)
    return group, _service(request).view(group, request.match_info["view"])


async def _group(request: web.Request) -> ViewGroup:
    return await _service(request).group(request[DATABASE], f"_design/{request.match_info['ddoc']}")


def _service(request: web.Request) -> ViewService:
    return request.app[VIEWS]
