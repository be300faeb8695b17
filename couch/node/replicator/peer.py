"""One database as the replication protocol sees it: CouchDB, PouchDB Server or another node."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from couch.documents.fields import Json
from couch.node.replicator.failures import PeerRefused, ReplicationFailed
from couch.node.replicator.link import Link
from couch.node.replicator.wire import (
    BulkGetAnswer,
    ChangesPage,
    DatabaseInfo,
    FoundRevision,
    Missing,
    Written,
    WrittenRow,
)

_encode = msgspec.json.encode


class Peer:
    """The requests of the protocol, one method each; failures as in `Link.send`."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.url = link.url

    async def info(self) -> DatabaseInfo:
        """What the database says of itself. Raises ReplicationFailed when it cannot be opened."""
        try:
            return await self._link.send("GET", "", DatabaseInfo)
        except PeerRefused as err:
            raise self._not_open(err) from err

    async def create(self, params: Mapping[str, Any]) -> None:
        """Make the database; one that is there is left as it is."""
        try:
            await self._link.send("PUT", "", Any, params={name: str(value) for name, value in params.items()})
        except PeerRefused as err:
            if err.status in (401, 403):
                raise self._not_open(err) from err

    async def document(self, doc_id: str) -> Json | None:
        """The winner of a document, None where there is none."""
        try:
            return await self._link.send("GET", doc_path(doc_id), Json)
        except PeerRefused as err:
            if err.status == 404:
                return None
            raise

    async def put(self, doc_id: str, body: Json) -> str:
        """Write a document with `_rev` of its predecessor; its new revision."""
        return (await self._link.send("PUT", doc_path(doc_id), Written, body=_encode(body))).rev

    async def put_log(self, log_id: str, body: Json, rev: str | None) -> str:
        """Write the checkpoint `_local/<log_id>` over its revision `rev`; its new revision.

        A conflict with an equal body is a success: the answer to an earlier try was lost.
        """
        path = f"_local/{log_id}"
        try:
            return await self.put(path, body if rev is None else {**body, "_rev": rev})
        except PeerRefused as err:
            stands = await self.document(path) if err.status == 409 else None
            if stands is not None and {k: v for k, v in stands.items() if k not in ("_id", "_rev")} == body:
                return str(stands["_rev"])
            words = f"Error updating the checkpoint at {self.url}: {err.error}"
            raise ReplicationFailed("checkpoint_commit_failure", words) from err

    async def changes(
        self, params: Mapping[str, str], body: Json | None = None, *, silence_s: float | None = None
    ) -> ChangesPage:
        """A part of the feed; `body` for the filters that take one."""
        method, content = ("GET", None) if body is None else ("POST", _encode(body))
        try:
            return await self._link.send(
                method, "_changes", ChangesPage, params=params, body=content, silence_s=silence_s
            )
        except PeerRefused as err:
            words = f"status {err.status} from {self.url}_changes, {err.error}: {err.reason}"
            raise ReplicationFailed("changes_req_failed", words) from err

    async def revs_diff(self, revs: Mapping[str, Sequence[str]]) -> dict[str, Missing]:
        """Which of these revisions the database has not."""
        return await self._link.send("POST", "_revs_diff", dict[str, Missing], body=_encode(revs))

    async def bulk_get(self, wanted: Sequence[tuple[str, str]]) -> list[list[FoundRevision]] | None:
        """Each wanted (id, rev), or what replaced it, with ancestry; None where there is no `_bulk_get`."""
        body = {"docs": [{"id": doc_id, "rev": rev} for doc_id, rev in wanted]}
        params = {"latest": "true", "revs": "true", "attachments": "false"}
        try:
            answer = await self._link.send(
                "POST", "_bulk_get", BulkGetAnswer, params=params, body=_encode(body)
            )
        except PeerRefused:
            return None
        return [list(row.docs) for row in answer.results] if len(answer.results) == len(wanted) else None

    async def open_revision(self, doc_id: str, rev: str) -> list[FoundRevision]:
        """One revision, or what replaced it, with ancestry and attachments; [] for an unknown document."""
        params = {"open_revs": f'["{rev}"]', "revs": "true", "latest": "true", "attachments": "true"}
        try:
            return await self._link.send("GET", doc_path(doc_id), list[FoundRevision], params=params)
        except PeerRefused as err:
            if err.status == 404:
                return []
            raise

    async def write(self, documents: Sequence[bytes]) -> list[WrittenRow]:
        """Store revisions as they are; the rows of those that were refused.

        Raises PeerRefused with status 413 when the request was too large.
        """
        body = b'{"new_edits":false,"docs":[' + b",".join(documents) + b"]}"
        rows = await self._link.send(
            "POST", "_bulk_docs", list[WrittenRow], body=body, success=(200, 201, 202, 417)
        )
        return [row for row in rows if row.error is not None]

    async def write_alone(self, doc_id: str, document: bytes) -> None:
        """Store one revision as it is. Raises PeerRefused."""
        await self._link.send("PUT", doc_path(doc_id), Any, params={"new_edits": "false"}, body=document)

    def _not_open(self, err: PeerRefused) -> ReplicationFailed:
        if err.status == 401:
            return ReplicationFailed("unauthorized", f"unauthorized to access or create database {self.url}")
        if err.status == 403:
            return ReplicationFailed("forbidden", f"forbidden to access or create database {self.url}")
        return ReplicationFailed("db_not_found", f"could not open {self.url}")


def doc_path(doc_id: str) -> str:
    """The path of a document inside its database; the slash after `_design` and `_local` stays one."""
    for prefix in ("_design/", "_local/"):
        if doc_id.startswith(prefix):
            return prefix + quote(doc_id[len(prefix) :], safe="")
    return quote(doc_id, safe="")
