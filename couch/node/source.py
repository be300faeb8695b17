"""What indexes and filters read documents through: the seam between storage and views."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ChangedDocument:
    """The winning revision of one document.

    Attributes: `seq` the update sequence of the document's last change; `body` JSON text with `_id` and
    `_rev` (and `_deleted` where it is deleted).
    """

    seq: int
    id: str
    deleted: bool
    rev: str
    body: str


class DocumentSource(Protocol):
    """A database as indexers see it. Every call blocks: make it in a thread.

    Attributes: `name` of the database; `instance` unique to this incarnation of it (another after delete and
    create); `path` of its SQLite file.
    """

    @property
    def name(self) -> str: ...

    @property
    def instance(self) -> str: ...

    @property
    def path(self) -> Path: ...

    def update_seq(self) -> int:
        """The newest sequence, 0 in an empty database."""

    def purge_seq(self) -> int:
        """How many purges there were."""

    def purged_ids(self, since_purge_seq: int) -> list[str]:
        """Ids named in purges after `since_purge_seq` (each once; some may still have other revisions)."""

    def changed_since(self, seq: int, limit: int) -> list[ChangedDocument]:
        """Up to `limit` documents changed after `seq`, each with its winner, in sequence order."""

    def winner(self, doc_id: str) -> ChangedDocument | None:
        """The winning revision of a document, deleted or not; None where the id is unknown."""

    def revision(self, doc_id: str, rev: str) -> ChangedDocument | None:
        """One stored revision (a leaf, or an older one not yet compacted); None where it is not stored."""

    def instance_is_current(self) -> bool:
        """False once the database was deleted: whoever indexes it stops."""
