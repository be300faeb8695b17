"""A batch of changes: what the target lacks of them, read from the source and written to the target."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from couch.node.replicator.failures import PeerRefused, ReplicationFailed
from couch.node.replicator.peer import Peer
from couch.node.replicator.tally import Tally
from couch.node.replicator.wire import ChangesPage, DocumentHead, FoundRevision

DESIGN = "_design/"
# What a target will say to the same document again and again: counted and passed over, as CouchDB does. Every
# other error of a single document fails the run, since passing it over would lose the document in silence.
REFUSALS = frozenset({"forbidden", "unauthorized", "document_too_large", "request_entity_too_large"})
_TOO_LARGE = 413
_FIRST_PORTION = 100  # documents read at once before their size is known
_MISSING_RETRY_S = (
    2.0  # as CouchDB's missing_doc_retry_msec: a cluster may know of a change before the document
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents on their way, in the order of the feed.

    Attributes: `through` the source's sequence that is done once this batch is written; None while more
    batches of the same page follow.
    """

    documents: tuple[tuple[str, bytes], ...]
    tally: Tally
    through: Any | None


class Copier:
    """Reads batches from the source and writes them to the target."""

    def __init__(
        self,
        source: Peer,
        target: Peer,
        *,
        batch_bytes: int,
        batch_size: int,
        use_bulk_get: bool,
        connections: int,
    ) -> None:
        self._source, self._target = source, target
        self._batch_bytes, self._batch_size = batch_bytes, batch_size
        self._bulk_get = use_bulk_get
        self._connections = asyncio.Semaphore(connections)
        self._portion = min(_FIRST_PORTION, batch_size)

    async def batches(self, pages: AsyncIterator[ChangesPage]) -> AsyncGenerator[Batch, None]:
        """The documents of each page that the target lacks, in parts of about `batch_bytes`."""
        async for page in pages:
            wanted, tally = await self._missing(page)
            while len(wanted) > self._portion:
                portion, wanted = wanted[: self._portion], wanted[self._portion :]
                documents, read = await self._read(portion)
                yield Batch(documents, tally + read, None)
                tally = Tally()
            documents, read = await self._read(wanted)
            yield Batch(documents, tally + read, page.last_seq)

    async def write(self, batch: Batch) -> Tally:
        """Store a batch at the target. Raises ReplicationFailed for anything but refusals."""
        plain = [document for doc_id, document in batch.documents if not doc_id.startswith(DESIGN)]
        failures = await self._write(plain)
        for doc_id, document in batch.documents:
            if doc_id.startswith(DESIGN):
                failures += await self._write_design(doc_id, document)
        return Tally(docs_written=len(batch.documents) - failures, doc_write_failures=failures)

    async def _missing(self, page: ChangesPage) -> tuple[list[tuple[str, str]], Tally]:
        """The (id, rev) of the page that the target lacks, in the order of the feed."""
        revs: dict[str, list[str]] = {}
        for change in page.results:
            revs.setdefault(change.id, []).extend(change.revs)
        if not revs:
            return [], Tally()
        lacking = await self._target.revs_diff(revs)
        wanted = [(doc_id, rev) for doc_id in revs if doc_id in lacking for rev in lacking[doc_id].missing]
        checked = sum(len(of_one) for of_one in revs.values())
        return wanted, Tally(missing_checked=checked, missing_found=len(wanted))

    async def _read(self, wanted: Sequence[tuple[str, str]]) -> tuple[tuple[tuple[str, bytes], ...], Tally]:
        if not wanted:
            return (), Tally()
        found, tally = await self._read_together(wanted)
        reads = [self._read_one(*want) for want, those in zip(wanted, found, strict=True) if those is None]
        alone = iter(await asyncio.gather(*reads))
        documents = tuple(
            document for those in found for document in (next(alone) if those is None else those)
        )
        size = sum(len(document) for _, document in documents) or 1
        self._portion = max(1, min(self._batch_size, self._batch_bytes * len(documents) // size))
        return documents, tally + Tally(docs_read=len(documents))

    async def _read_together(
        self, wanted: Sequence[tuple[str, str]]
    ) -> tuple[list[list[tuple[str, bytes]] | None], Tally]:
        """For each wanted revision what `_bulk_get` gave; None for those to be read alone."""
        rows = await self._source.bulk_get(wanted) if self._bulk_get else None
        if rows is None:
            self._bulk_get = False
            return [None] * len(wanted), Tally()
        found = [_documents(row, with_attachments=False) for row in rows]
        got = sum(those is not None for those in found)
        return found, Tally(bulk_get_docs=got, bulk_get_attempts=len(wanted))

    async def _read_one(self, doc_id: str, rev: str) -> list[tuple[str, bytes]]:
        async with self._connections:
            for wait_s in (_MISSING_RETRY_S, None):
                documents = _documents(await self._source.open_revision(doc_id, rev), with_attachments=True)
                if documents is not None:
                    return documents
                if wait_s is not None:
                    await asyncio.sleep(wait_s)
        # It may have been purged since the feed named it: the next run will not see it named.
        raise ReplicationFailed("missing_doc", f"a revision that {self._source.url} named is not there")

    async def _write(self, documents: Sequence[bytes]) -> int:
        """Store documents by `_bulk_docs`; the number of refusals."""
        if not documents:
            return 0
        try:
            rows = await self._target.write(documents)
        except PeerRefused as err:
            if err.status != _TOO_LARGE:
                words = f"status {err.status} from {self._target.url}, {err.error}: {err.reason}"
                raise ReplicationFailed("bulk_docs_failed", words) from err
            if len(documents) == 1:
                return 1
            half = len(documents) // 2
            return await self._write(documents[:half]) + await self._write(documents[half:])
        for row in rows:
            if row.error not in REFUSALS:
                raise ReplicationFailed("doc_write_failed", f"{row.error} from {self._target.url}")
        return len(rows)

    async def _write_design(self, doc_id: str, document: bytes) -> int:
        """Store a design document by itself: who may not write it is told by the status of the answer."""
        try:
            await self._target.write_alone(doc_id, document)
        except PeerRefused as err:
            if err.error not in REFUSALS and err.status != _TOO_LARGE:
                words = f"status {err.status} from {self._target.url}, {err.error}: {err.reason}"
                raise ReplicationFailed("doc_write_failed", words) from err
            return 1
        return 0


def _documents(found: Sequence[FoundRevision], *, with_attachments: bool) -> list[tuple[str, bytes]] | None:
    """The documents of an answer for one revision; None where it is not (wholly) there."""
    documents: list[tuple[str, bytes]] = []
    for revision in found:
        document = bytes(revision.ok)
        if not document:
            return None
        try:
            head = msgspec.json.decode(document, type=DocumentHead)
        except msgspec.DecodeError as err:
            raise ReplicationFailed(
                "bad_document", "the source sent a document without a proper _id"
            ) from err
        if bytes(head.attachments) and not with_attachments:
            return None
        documents.append((head.id, document))
    return documents or None
