"""Which address leads where: particular addresses first; the last rule of each refuses with 405."""

from collections.abc import Iterable

from aiohttp import web

from couch.node import (
    all_docs_handlers,
    bulk_handlers,
    changes_handlers,
    database_handlers,
    db_updates_handlers,
    document_handlers,
    not_here,
    server_handlers,
    session_handlers,
)
from couch.node.not_here import Handler

Methods = dict[str, Handler]


def add_routes(router: web.UrlDispatcher, parts: Iterable[Iterable[web.RouteDef]]) -> None:
    """Mount everything; `parts` are the routes of views and replicator."""
    for path, methods, only in _server():
        _mount(router, path, methods, only)
    mounted: dict[str, Methods] = {}
    for part in parts:
        for route in part:
            mounted.setdefault(route.path, {})[route.method] = route.handler
    for path, methods in mounted.items():
        _mount(router, path, methods, tuple(methods))
    for name in not_here.SERVER:
        router.add_route("*", f"/{name}", not_here.missing_server_feature)
        router.add_route("*", f"/{name}/{{rest:.*}}", not_here.missing_server_feature)
    for path, methods, only in _database():
        _mount(router, path, methods, only)


def _mount(router: web.UrlDispatcher, path: str, methods: Methods, only: tuple[str, ...]) -> None:
    for method, handler in methods.items():
        router.add_route(method, path, handler)
        if method == "GET" and "HEAD" not in methods:
            router.add_route("HEAD", path, handler)
    if "*" not in methods:
        router.add_route("*", path, not_here.only(*only))


def _server() -> list[tuple[str, Methods, tuple[str, ...]]]:
    server, session = server_handlers, session_handlers
    return [
        ("/", {"GET": server.welcome}, ("GET", "HEAD")),
        ("/_up", {"GET": server.up}, ("GET", "HEAD")),
        ("/_all_dbs", {"GET": server.all_databases}, ("GET", "HEAD")),
        (
            "/_dbs_info",
            {"GET": server.databases_info, "POST": server.databases_info},
            ("GET", "HEAD", "POST"),
        ),
        ("/_uuids", {"GET": server.uuids}, ("GET",)),
        ("/_active_tasks", {"GET": server.active_tasks}, ("GET", "HEAD")),
        ("/_db_updates", {"GET": db_updates_handlers.get_db_updates}, ("GET", "HEAD")),
        (
            "/_session",
            {
                "GET": session.show_session,
                "POST": session.open_session,
                "DELETE": session.close_session,
            },
            ("GET", "HEAD", "POST", "DELETE"),
        ),
    ]


def _database() -> list[tuple[str, Methods, tuple[str, ...]]]:
    database, bulk, listing = database_handlers, bulk_handlers, all_docs_handlers
    docs = document_handlers
    document: Methods = {
        "GET": docs.get_document,
        "PUT": docs.put_document,
        "DELETE": docs.delete_document,
        "COPY": docs.copy_document,
        "POST": docs.post_to_document,
    }
    posted = ("POST",)
    readable = ("GET", "HEAD", "POST")
    changes: Methods = {"GET": changes_handlers.get_changes, "POST": changes_handlers.get_changes}
    table: list[tuple[str, Methods, tuple[str, ...]]] = [
        (
            "/{db}",
            {
                "GET": database.show_database,
                "PUT": database.create_database,
                "DELETE": database.delete_database,
                "POST": database.post_document,
            },
            ("DELETE", "GET", "HEAD", "POST"),
        ),
        ("/{db}/_changes", changes, ("GET", "POST", "HEAD")),
        ("/{db}/_bulk_docs", {"POST": bulk.bulk_docs}, posted),
        ("/{db}/_bulk_get", {"POST": bulk.bulk_get}, posted),
        ("/{db}/_revs_diff", {"POST": bulk.revs_diff}, posted),
        ("/{db}/_missing_revs", {"POST": bulk.missing_revs}, posted),
        ("/{db}/_purge", {"POST": bulk.purge}, posted),
        ("/{db}/_all_docs", {"GET": listing.get_all_docs, "POST": listing.get_all_docs}, readable),
        ("/{db}/_all_docs/queries", {"POST": listing.all_docs_queries}, posted),
        ("/{db}/_design_docs", {"GET": listing.get_design_docs, "POST": listing.get_design_docs}, readable),
        ("/{db}/_local_docs", {"GET": listing.get_local_docs, "POST": listing.get_local_docs}, readable),
        ("/{db}/_design_docs/queries", {"POST": listing.design_docs_queries}, posted),
        ("/{db}/_local_docs/queries", {"POST": listing.local_docs_queries}, posted),
        ("/{db}/_security", {"GET": database.show_security, "PUT": database.set_security}, ("PUT", "GET")),
        (
            "/{db}/_revs_limit",
            {"GET": database.show_revs_limit, "PUT": database.set_revs_limit},
            ("PUT", "GET"),
        ),
        (
            "/{db}/_purged_infos_limit",
            {"GET": database.show_purged_infos_limit, "PUT": database.set_purged_infos_limit},
            ("GET", "PUT"),
        ),
        ("/{db}/_ensure_full_commit", {"POST": database.ensure_full_commit}, posted),
        ("/{db}/_compact", {"POST": database.compact}, posted),
    ]
    table += [
        (path, {"*": not_here.missing_feature}, ())
        for name in not_here.DATABASE
        for path in (f"/{{db}}/{name}", f"/{{db}}/{name}/{{rest:.*}}")
    ]
    table += [
        (path, {"*": not_here.missing_feature}, ())
        for name in not_here.DESIGN
        for path in (f"/{{db}}/_design/{{ddoc}}/{name}", f"/{{db}}/_design/{{ddoc}}/{name}/{{rest:.*}}")
    ]
    table += [
        ("/{db}/_local", {"*": docs.invalid_local}, ()),
        ("/{db}/_local/", {"*": docs.invalid_local}, ()),
        ("/{db}/_design/{ddoc}", document, docs.DOCUMENT_METHODS),
        ("/{db}/_local/{local}", document, docs.DOCUMENT_METHODS),
        ("/{db}/_local/{local}/{rest:.*}", {"*": docs.local_attachment}, ()),
        ("/{db}/_design/{ddoc}/{rest:.+}", {"*": docs.attachment}, ()),
        ("/{db}/{doc}", document, docs.DOCUMENT_METHODS),
        ("/{db}/{doc}/{rest:.+}", {"*": docs.attachment}, ()),
    ]
    # A slash at the end names the same database, and the same document.
    return [
        *table,
        ("/{db}/", table[0][1], table[0][2]),
        ("/{db}/{doc}/", document, docs.DOCUMENT_METHODS),
    ]
