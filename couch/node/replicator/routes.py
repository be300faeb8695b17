"""`/_replicate` and `/_scheduler` over HTTP."""

import itertools

import msgspec
from aiohttp import web

from couch.documents.fields import Json
from couch.node.answers import (
    HttpError,
    bad_request,
    json_answer,
    method_not_allowed,
    not_found,
    query_parse_error,
    unauthorized,
)
from couch.node.keys import USER
from couch.node.replicator import document_states
from couch.node.replicator.failures import ReplicationFailed
from couch.node.replicator.job import STATES
from couch.node.replicator.service import NODE, ReplicatorService, document_database
from couch.node.user import UserCtx

_DEFAULT_LIMIT = 100
_ALL = 1_000_000


def routes(service: ReplicatorService) -> list[web.RouteDef]:
    """The routes of a node's replicator; callers are authenticated already."""

    async def replicate(request: web.Request) -> web.Response:
        user = _user(request)
        if user.name is None and not user.is_admin:
            raise unauthorized("You are not an authenticated user")
        if not request.headers.get("Content-Type", "application/json").startswith("application/json"):
            raise HttpError(415, "bad_content_type", "Content-Type must be application/json")
        content = await request.read()
        if not content:
            raise bad_request("Missing request body")
        try:
            body = msgspec.json.decode(content)
        except msgspec.DecodeError as err:
            raise bad_request("invalid UTF-8 JSON") from err
        status, answer = await service.replicate(body, user)
        return json_answer(answer, status=status)

    async def jobs(request: web.Request) -> web.Response:
        _need_admin(request)
        limit, skip = _count(request, "limit", _DEFAULT_LIMIT), _count(request, "skip", 0)
        rows = [_job_row(service, job_id) for job_id in _job_ids(service)]
        offset = min(skip, len(rows))
        body = {"total_rows": len(rows), "offset": offset, "jobs": rows[offset : offset + limit]}
        return json_answer(body)

    async def job(request: web.Request) -> web.Response:
        _need_admin(request)
        return json_answer(_job_row(service, request.match_info["job"].replace(" ", "+")))

    async def docs(request: web.Request) -> web.Response:
        _need_admin(request)
        _need_replicator(request)
        limit, skip = _count(request, "limit", _ALL), _count(request, "skip", 0)
        states = _states(request)
        try:
            documents = await service.own_documents()
        except ReplicationFailed as err:
            raise HttpError(500, err.error, err.reason) from err
        rows = (_doc_row(service, document) for document in documents)
        fitting = (row for row in rows if row["state"] is not None and (not states or row["state"] in states))
        page = list(itertools.islice(fitting, skip, skip + limit))
        body = {"total_rows": len(documents), "offset": min(skip, len(documents)), "docs": page}
        return json_answer(body)

    async def doc(request: web.Request) -> web.Response:
        _need_admin(request)
        _need_replicator(request)
        document = await service.own_document(request.match_info["document"])
        if document is None:
            raise not_found("missing")
        return json_answer(_doc_row(service, document))

    return [
        web.post("/_replicate", replicate),
        web.get("/_scheduler/jobs", jobs),
        web.get("/_scheduler/jobs/{job}", job),
        web.get("/_scheduler/docs", docs),
        web.get("/_scheduler/docs/{database}", docs),
        web.get("/_scheduler/docs/{database}/{document:.+}", doc),
        web.route("*", "/_scheduler{rest:.*}", _nothing),
    ]


def _user(request: web.Request) -> UserCtx:
    user: UserCtx = request[USER]
    return user


def _need_admin(request: web.Request) -> None:
    if not _user(request).is_admin:
        raise unauthorized("You are not a server admin.")


def _need_replicator(request: web.Request) -> None:
    if request.match_info.get("database", document_states.DATABASE) != document_states.DATABASE:
        raise bad_request("Invalid path")


async def _nothing(request: web.Request) -> web.Response:
    if request.method not in ("GET", "HEAD"):
        raise method_not_allowed("GET", "HEAD")
    return json_answer({"error": "not found"}, status=404)


def _job_ids(service: ReplicatorService) -> list[str]:
    return [job.id for job in service.scheduler.jobs()]


def _job_row(service: ReplicatorService, job_id: str) -> Json:
    job = service.scheduler.job(job_id)
    if job is None:
        raise not_found("missing")
    return job.to_json(document_database(job), NODE)


def _doc_row(service: ReplicatorService, document: Json) -> Json:
    """What is known of a document: from its job while there is one, else from what stands in it."""
    wanted = service.documents.wanted(document["_id"])
    live: Json | None = None
    if wanted is not None:
        job = None if wanted.job_id is None else service.scheduler.job(wanted.job_id)
        live = wanted.row(job, NODE)
    return document_states.row(document) if live is None else live


def _states(request: web.Request) -> set[str]:
    states = {name.lower() for name in request.query.get("states", "").split(",") if name}
    if states - set(STATES):
        raise query_parse_error(f"States must be one or more of [{','.join(STATES)}]")
    return states


def _count(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not text.isdigit():
        raise query_parse_error(f"{name} must be an integer")
    return int(text)
