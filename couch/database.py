"""One database of a server: documents, ranges, views, bulk calls, feeds."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

import msgspec

from couch.changes_feed import batch_of, changes_params, rounds
from couch.document_content import content_of, path_of, same_content
from couch.documents.fields import Json
from couch.errors import Conflict, NotFound
from couch.id_ranges import docs_of, id_range, parts
from couch.results import BulkResult, ChangesBatch, ViewRow
from couch.streamed_rows import rows_of, text_pieces

if TYPE_CHECKING:
    from couch.client import Server

_PURGE_IDS = 100  # CouchDB's [purge] max_document_id_number
_REVS_DIFF_IDS = 1000
_DOC_IDS = 100  # up to so many CouchDB looks each one up instead of walking through all changes
_REPLACE_TRIES = 12
_JSON_PARAMS = ("start_key", "end_key", "startkey", "endkey", "key", "keys")


class Database:
    """A handle of one database; it need not exist. Used in the thread of its server."""

    def __init__(self, server: "Server", name: str) -> None:
        self.server = server
        self.name = name
        self._transport = server.transport

    def __repr__(self) -> str:
        return f"Database({self.name!r} at {self.server.url!r})"

    def exists(self) -> bool:
        """Raises AccessDenied when we may not know."""
        try:
            self._transport.request("HEAD", self.name)
        except NotFound:
            return False
        return True

    def info(self) -> Json:
        """What CouchDB says of the database. Raises NotFound."""
        return cast(Json, self._transport.request("GET", self.name))

    # --- documents

    def get(self, doc_id: str) -> Json:
        """The winning revision. Raises NotFound when absent or deleted."""
        return cast(Json, self._transport.request("GET", self.name, *path_of(doc_id)))

    def find(self, doc_id: str) -> Json | None:
        """The winning revision, None where absent or deleted. Raises NotFound when the database is absent."""
        try:
            return self.get(doc_id)
        except NotFound as err:
            if err.reason in ("missing", "deleted"):
                return None
            raise

    def leaves(self, doc_id: str) -> list[Json]:
        """Every leaf revision, deleted and conflicting ones too; none when the document is unknown."""
        try:
            found = self._transport.request("GET", self.name, *path_of(doc_id), params={"open_revs": "all"})
        except NotFound as err:
            if err.reason in ("missing", "deleted"):
                return []
            raise
        return [entry["ok"] for entry in found if "ok" in entry]

    def put(self, doc: Json) -> str:
        """Write a document (with its `_rev` where one stands there) and return the new revision.

        Raises Conflict, Refused (by the validator). Not repeated after a lost answer: see `put_once`.
        """
        return cast(str, self._put(doc, repeatable=False)["rev"])

    def put_once(self, doc: Json) -> bool:
        """Write a document whose id follows from its content.

        True: written now; False: equal content stands there already, so it is done. Raises Conflict when
        other content stands there, Refused.
        """
        try:
            self._put(doc, repeatable=True)
        except Conflict:
            stands = self.find(doc["_id"])
            if stands is not None and same_content(stands, doc):
                return False
            raise
        return True

    def replace(self, doc_id: str, change: Callable[[Json | None], Json | None]) -> Json | None:
        """Read, change, write, again from the reading after each Conflict (at most 12 times).

        `change` gets the stored document (None: absent) and returns the new one, or None to leave things
        as they are. Returns what was written (with its new `_rev`), None when nothing was to be written.
        """
        for attempt in range(_REPLACE_TRIES):
            stored = self.find(doc_id)
            wanted = change(stored)
            if wanted is None:
                return None
            doc = {**wanted, "_id": doc_id}
            if stored is None:
                doc.pop("_rev", None)
            else:
                doc["_rev"] = stored["_rev"]
                if same_content(stored, doc):
                    return stored
            try:
                return {**doc, "_rev": self._put(doc, repeatable=False)["rev"]}
            except Conflict:
                if attempt == _REPLACE_TRIES - 1:
                    raise
                time.sleep(random.uniform(0.0, 0.02 * 2 ** min(attempt, 5)))  # noqa: S311 - jitter
        raise AssertionError("unreachable")

    def delete(self, doc_id: str, rev: str) -> None:
        """Leave a tombstone over revision `rev`. Raises Conflict, NotFound."""
        self._transport.request("DELETE", self.name, *path_of(doc_id), params={"rev": rev})

    def _put(self, doc: Json, *, repeatable: bool) -> Json:
        return cast(
            Json,
            self._transport.request("PUT", self.name, *path_of(doc["_id"]), body=doc, repeatable=repeatable),
        )

    # --- many documents

    def documents(
        self,
        *,
        start: str | None = None,
        end: str | None = None,
        keys: Sequence[str] | None = None,
        page: int = 1000,
        conflicts: bool = False,
    ) -> Iterator[Json]:
        """Documents from `start` to `end` (both belong to it) in id order, or those of `keys` in their order.

        Read `page` at a time; absent, deleted and design documents are left out. `conflicts`: in a range,
        `_conflicts` names the other living revisions of a document that has some.
        """
        if keys is not None:
            for part in parts(keys, page):
                yield from docs_of(self._transport, self.name, part)
            return
        for row in id_range(
            self._transport, self.name, start, end, page=page, include_docs=True, conflicts=conflicts
        ):
            yield row["doc"]

    def rows(
        self, *, start: str | None = None, end: str | None = None, page: int = 1000
    ) -> Iterator[tuple[str, str]]:
        """Ids and winning revisions from `start` to `end` (both belong to it), without design documents."""
        for row in id_range(self._transport, self.name, start, end, page=page, include_docs=False):
            yield row["id"], row["value"]["rev"]

    def view(self, design: str, view: str, **params: Any) -> Iterator[ViewRow]:
        """The rows of a view, streamed. `params` as CouchDB names them; keys are any JSON value.

        Read it to its end or close it: until then it holds a connection.
        Raises NotFound when there is no such view.
        """
        body = {"keys": params.pop("keys")} if "keys" in params else None
        query = {
            name: _json(value) if name in _JSON_PARAMS else _plain(value) for name, value in params.items()
        }
        response = self._transport.stream(
            "GET" if body is None else "POST",
            self.name,
            "_design",
            design,
            "_view",
            view,
            params=query,
            body=body,
        )
        with closing(response):
            for row in rows_of(text_pieces(response)):
                yield ViewRow(row.get("id"), row.get("key"), row.get("value"), row.get("doc"))

    def bulk(self, docs: Sequence[Json], *, new_edits: bool = True) -> list[BulkResult]:
        """Write many documents in one request.

        With new_edits the results stand in the order of `docs`; without (revisions as they come, `_revisions`
        in each), CouchDB answers only failures, and so does this. Each document succeeds or fails alone.
        """
        if not docs:
            return []
        body: Json = {"docs": list(docs)}
        if not new_edits:
            body["new_edits"] = False
        answer = self._transport.request("POST", self.name, "_bulk_docs", body=body, repeatable=not new_edits)
        results = [
            BulkResult(row.get("id", ""), row.get("rev"), row.get("error"), row.get("reason"))
            for row in answer
        ]
        return results if new_edits else [result for result in results if result.error is not None]

    def bulk_get(self, wanted: Sequence[tuple[str, str | None]], *, revs: bool = False) -> list[Json]:
        """The documents (id, rev; rev None: the winner) that are there; `revs` adds `_revisions`."""
        if not wanted:
            return []
        docs = [{"id": doc_id} if rev is None else {"id": doc_id, "rev": rev} for doc_id, rev in wanted]
        answer = self._transport.request(
            "POST",
            self.name,
            "_bulk_get",
            params={"revs": "true"} if revs else None,
            body={"docs": docs},
            repeatable=True,
        )
        return [entry["ok"] for result in answer["results"] for entry in result["docs"] if "ok" in entry]

    def revs_diff(self, revs: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Of the given revisions (by document id) those that are missing here."""
        missing: dict[str, list[str]] = {}
        for part in parts(revs, _REVS_DIFF_IDS):
            answer = self._transport.request(
                "POST",
                self.name,
                "_revs_diff",
                body={doc_id: list(revs[doc_id]) for doc_id in part},
                repeatable=True,
            )
            missing |= {doc_id: entry["missing"] for doc_id, entry in answer.items() if entry.get("missing")}
        return missing

    def purge(self, revs: Mapping[str, Sequence[str]]) -> None:
        """Forget these leaf revisions here, leaving no tombstone; replication does not carry it on."""
        for part in parts(revs, _PURGE_IDS):
            self._transport.request(
                "POST",
                self.name,
                "_purge",
                body={doc_id: list(revs[doc_id]) for doc_id in part},
                repeatable=True,
            )

    # --- the database's own objects

    def security(self) -> Json:
        """The `_security` object."""
        return cast(Json, self._transport.request("GET", self.name, "_security"))

    def set_security(self, security: Json) -> None:
        """Replace the `_security` object. Needs the server's administrator."""
        self._transport.request("PUT", self.name, "_security", body=security, repeatable=True)

    def local(self, name: str) -> Json | None:
        """The content of `_local/<name>` without `_id` and `_rev`; None when there is none."""
        stored = self.find(f"_local/{name}")
        return None if stored is None else content_of(stored)

    def put_local(self, name: str, body: Json) -> None:
        """Make `_local/<name>` hold `body`, whatever stood there."""
        self.replace(f"_local/{name}", lambda _stored: body)

    def local_documents(self) -> list[Json]:
        """All `_local` documents, the checkpoints of replications among them."""
        answer = self._transport.request("GET", self.name, "_local_docs", params={"include_docs": "true"})
        return [row["doc"] for row in answer["rows"] if row.get("doc")]

    def clean_views(self) -> None:
        """Remove index files that no design document uses any more."""
        self._transport.request("POST", self.name, "_view_cleanup", body={}, repeatable=True)

    # --- changes

    def changes(self, since: str = "0", *, limit: int = 1000, include_docs: bool = True) -> ChangesBatch:
        """What changed after `since`, at most `limit` documents."""
        params = {"since": since, "limit": limit, **changes_params(include_docs)}
        return batch_of(self._transport.request("GET", self.name, "_changes", params=params))

    def changed_since(self, since: str, doc_ids: Sequence[str]) -> set[str]:
        """Of these documents, those that changed after `since`."""
        found: set[str] = set()
        for part in parts(doc_ids, _DOC_IDS):
            answer = self._transport.request(
                "POST",
                self.name,
                "_changes",
                params={"since": since, "filter": "_doc_ids"},
                body={"doc_ids": part},
                repeatable=True,
            )
            found |= {row["id"] for row in answer["results"]}
        return found

    def follow(
        self, since: str, *, stop: threading.Event, include_docs: bool = True
    ) -> Iterator[ChangesBatch]:
        """Batches of changes after `since` as they happen, until `stop` is set from any thread.

        Failures are waited out with back-off (real time). Raises NotFound, AccessDenied.
        """
        params = {"limit": 1000, **changes_params(include_docs)}
        for answer in rounds(self._transport, (self.name, "_changes"), since, params, stop):
            yield batch_of(answer)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _plain(value: Any) -> Any:
    return ("true" if value else "false") if isinstance(value, bool) else value


__all__ = ["Database", "content_of", "same_content"]
