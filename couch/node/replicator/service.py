"""The replicator of one node: `POST /_replicate`, the documents of `_replicator`, and the state of both."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec

from couch.documents.fields import Json
from couch.node.replicator import document_states
from couch.node.replicator.documents import Documents
from couch.node.replicator.endpoint import Endpoint
from couch.node.replicator.failures import BadReplication, PeerRefused, ReplicationFailed
from couch.node.replicator.identity import base_id, canonical_id, full_id
from couch.node.replicator.job import Job
from couch.node.replicator.link import Link
from couch.node.replicator.options import ReplicatorOptions
from couch.node.replicator.peer import Peer
from couch.node.replicator.request import Replication, replication_of
from couch.node.replicator.run import Run
from couch.node.replicator.scheduler import Scheduler
from couch.node.replicator.tls import TlsIdentity
from couch.node.user import UserCtx

_log = logging.getLogger(__name__)
NODE = "node@127.0.0.1"  # the name that this node has among CouchDB's: it is always alone
_CANCEL_IDS = ("_local_id", "replication_id", "id")


class _Welcome(msgspec.Struct):
    uuid: str


class _AllDocs(msgspec.Struct):
    rows: list[Json]


class ReplicatorService:
    """Replicates over HTTP alone, also this node's own databases; so every peer is treated alike.

    `base_url` gives this node's address on loopback; `internal_headers` the headers that let a request in as
    the administrator (None) or as a user. `close` before the HTTP server ends, so that the last checkpoints
    still reach this node's own databases.
    """

    def __init__(
        self,
        *,
        base_url: Callable[[], str],
        internal_headers: Callable[[UserCtx | None], dict[str, str]],
        options: ReplicatorOptions | None = None,
    ) -> None:
        self._base_url, self._internal_headers = base_url, internal_headers
        self._options = options or ReplicatorOptions()
        self._tls = TlsIdentity(self._options)
        self._http: aiohttp.ClientSession | None = None
        self._uuid: str | None = None
        self._following: asyncio.Task[None] | None = None
        self.scheduler = Scheduler(self._run, self._options)
        self.documents = Documents(
            self.scheduler,
            open_database=lambda: Peer(self._own_link(document_states.DATABASE + "/")),
            parse=lambda document: replication_of(
                document, user=document.get("owner"), options=self._options, document=document["_id"]
            ),
            make_job=self._make_job,
        )

    async def start(self) -> None:
        """Begin to follow `_replicator`; the node answers already."""
        self._following = asyncio.create_task(self.documents.follow(), name="replicator documents")

    async def close(self) -> None:
        """Stop everything, with last checkpoints."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait({self._following})
        await self.documents.close()
        await self.scheduler.close()
        if self._http is not None:
            await self._http.close()

    async def replicate(self, body: Any, user: UserCtx) -> tuple[int, Json]:
        """Status and body of the answer to `POST /_replicate`; a one-shot is waited for."""
        if not isinstance(body, dict):
            return _error(400, "bad_request", "Request body must be a JSON object")
        try:
            if body.get("cancel") is True:
                return await self._cancel(body, user)
            return await self._replicate(body, user)
        except BadReplication as err:
            return _error(err.status, err.error, err.reason)
        except ReplicationFailed as err:
            return _error(500, err.error, err.reason)

    def active_tasks(self) -> list[Json]:
        """The rows of `_active_tasks`: what runs now."""
        return [job.task(document_database(job), NODE) for job in self.scheduler.jobs() if job.running]

    async def own_documents(self) -> list[Json]:
        """The documents of `_replicator`, by id, without design documents. Raises ReplicationFailed."""
        link = self._own_link(document_states.DATABASE + "/")
        answer = await link.send("GET", "_all_docs", _AllDocs, params={"include_docs": "true"})
        return [row["doc"] for row in answer.rows if row.get("doc") and not row["id"].startswith("_design/")]

    async def own_document(self, doc_id: str) -> Json | None:
        """A document of `_replicator`, None where there is none. Raises ReplicationFailed."""
        return await Peer(self._own_link(document_states.DATABASE + "/")).document(doc_id)

    async def _replicate(self, body: Json, user: UserCtx) -> tuple[int, Json]:
        job = await self._make_job(self._read(body, user))
        running = self.scheduler.job(job.id)
        if running is not None and not _may_stop(running, user):
            return _error(401, "unauthorized", "You are not a server admin.")
        if running is not None and running.replication.document is not None:
            self.scheduler.wake(job.id)  # whoever asks does not want to wait for the end of a pause
        elif running is not None and running.replication != job.replication:
            await self.scheduler.remove(job.id)  # other credentials or options
        self.scheduler.add(job)
        if job.replication.continuous:
            return 202, {"ok": True, "_local_id": job.id}
        return 200, {"ok": True, **await self.scheduler.result(job.id)}

    async def _cancel(self, body: Json, user: UserCtx) -> tuple[int, Json]:
        named = next((body[name] for name in _CANCEL_IDS if isinstance(body.get(name), str)), None)
        if named is not None:
            job_id = canonical_id(named)
        else:
            job_id = (await self._make_job(self._read(body, user))).id
        job = self.scheduler.job(job_id)
        if job is None:
            return _error(404, "not_found", "missing")
        if not _may_stop(job, user):
            return _error(401, "unauthorized", "You are not a server admin.")
        await self.scheduler.remove(job_id)
        return 200, {"ok": True, "_local_id": job_id}

    def _read(self, body: Json, user: UserCtx) -> Replication:
        """The replication of a request, in which a database of this node may stand by its name."""

        def local(name: str) -> Endpoint:
            url = f"{self._base_url().rstrip('/')}/{quote(name, safe='')}/"
            headers = tuple(self._internal_headers(user).items())
            return Endpoint(url, headers=headers, local=name)

        return replication_of(body, user=user.name, options=self._options, local=local)

    async def _make_job(self, replication: Replication) -> Job:
        """A job with its id. Raises BadReplication when the filter is not there, ReplicationFailed."""
        code = await self._filter_code(replication)
        if self._uuid is None:
            self._uuid = (await self._own_link("").send("GET", "", _Welcome)).uuid
        log_id = base_id(self._uuid, replication, code)
        return Job(full_id(log_id, replication), log_id, replication, self._options, datetime.now(UTC))

    async def _filter_code(self, replication: Replication) -> str | None:
        if replication.filter is None or replication.filter.startswith("_"):
            return None
        design, _, name = replication.filter.partition("/")
        source = Peer(self._link(replication.source, replication))
        await source.info()
        document = await source.document(f"_design/{design}")
        if document is None:
            words = f"Couldn't open document `_design/{design}` from source database `{source.url}`"
            raise BadReplication("not_found", words, status=404)
        code = (document.get("filters") or {}).get(name)
        if not isinstance(code, str):
            words = f"Couldn't parse filter code from document {design} on `{source.url}`: {name} is missing"
            raise BadReplication("not_found", words, status=404)
        return code.strip()

    async def _run(self, job: Job, stop: asyncio.Event) -> Json:
        replication = job.replication
        run = Run(
            replication,
            job.log_id,
            Peer(self._link(replication.source, replication)),
            Peer(self._link(replication.target, replication)),
            options=self._options,
            progress=job.progress,
        )
        try:
            return await run.run(stop)
        except PeerRefused as err:
            words = f"status {err.status}: {err.reason}"
            raise ReplicationFailed(err.error, words) from err
        except ReplicationFailed:
            raise
        except Exception as err:
            # A fault of our own in one replication must neither end the others nor go unseen.
            _log.exception("replication %s failed unexpectedly", job.id)
            raise ReplicationFailed("internal_error", type(err).__name__) from err

    def _own_link(self, path: str) -> Link:
        url = f"{self._base_url().rstrip('/')}/{path}"
        endpoint = Endpoint(url, headers=tuple(self._internal_headers(None).items()))
        return self._link_to(endpoint, self._options.connection_timeout_s, self._options.retries_per_request)

    def _link(self, endpoint: Endpoint, replication: Replication) -> Link:
        return self._link_to(endpoint, replication.connection_timeout_s, replication.retries)

    def _link_to(self, endpoint: Endpoint, timeout_s: float, retries: int) -> Link:
        if self._http is None:
            # One pool for all: runs follow each other and find their connections open. No limit, since each
            # continuous run holds one; no cookies, since accounts must not mix.
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return Link(
            endpoint,
            self._http,
            self._tls,
            timeout_s=timeout_s,
            retries=retries,
            retry_wait_s=self._options.retry_wait_s,
        )


def document_database(job: Job) -> str | None:
    """The database of the document that wants a job; None for one of `POST /_replicate`."""
    return None if job.replication.document is None else document_states.DATABASE


def _may_stop(job: Job, user: UserCtx) -> bool:
    return user.is_admin or job.replication.user == user.name


def _error(status: int, error: str, reason: str) -> tuple[int, Json]:
    return status, {"error": error, "reason": reason}
