"""The parts of CouchDB's answers that a replication reads; document bodies stay the bytes they came as.

So numbers and strings reach the target exactly as the source sent them, and nothing is spent on parsing them.
"""

from typing import Any

import msgspec

from couch.documents.fields import Json

NOTHING = msgspec.Raw(b"")  # an absent member whose bytes would be kept


class DatabaseInfo(msgspec.Struct, frozen=True):
    """`GET /{db}`. `instance_start_time` changes when a database is made anew; "0" says nothing."""

    update_seq: Any
    instance_start_time: str


class Leaf(msgspec.Struct, frozen=True):
    """A leaf revision in the feed."""

    rev: str


class Change(msgspec.Struct, frozen=True):
    """A row of `_changes`; `doc` with include_docs alone."""

    seq: Any
    id: str
    changes: tuple[Leaf, ...]
    deleted: bool = False
    removed: bool = False
    doc: Json | None = None

    @property
    def revs(self) -> list[str]:
        """The revisions to look for; of a removed row the first is gone at the source (Cloudant)."""
        revs = [leaf.rev for leaf in self.changes]
        return revs[1:] if self.removed else revs


class ChangesPage(msgspec.Struct, frozen=True):
    """An answer of `_changes`. `pending` counts the changes after it, filtered or not; None where unknown."""

    results: tuple[Change, ...]
    last_seq: Any
    pending: int | None = None


class Missing(msgspec.Struct, frozen=True):
    """What `_revs_diff` says of one document."""

    missing: tuple[str, ...] = ()
    possible_ancestors: tuple[str, ...] = ()


class FoundRevision(msgspec.Struct, frozen=True):
    """One revision in an answer of `_bulk_get` or `open_revs`: the document, or that it is not there."""

    ok: msgspec.Raw = NOTHING
    missing: str | None = None
    error: Any = None


class BulkGetRow(msgspec.Struct, frozen=True):
    """One wanted revision in an answer of `_bulk_get`."""

    docs: tuple[FoundRevision, ...]


class BulkGetAnswer(msgspec.Struct, frozen=True):
    """`POST /{db}/_bulk_get`, in the order of what was wanted."""

    results: tuple[BulkGetRow, ...]


class WrittenRow(msgspec.Struct, frozen=True):
    """A row of an answer of `_bulk_docs`; with `new_edits: false` refusals alone."""

    id: str | None = None
    error: str | None = None
    reason: Any = None


class Written(msgspec.Struct, frozen=True):
    """An answer to PUT of a document."""

    rev: str


class DocumentHead(msgspec.Struct, frozen=True):
    """The members of a document that decide how it travels."""

    id: str = msgspec.field(name="_id")
    attachments: msgspec.Raw = msgspec.field(name="_attachments", default=NOTHING)
