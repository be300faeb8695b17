"""What the database answers, as frozen values."""

from dataclasses import dataclass
from typing import Any, Literal

from couch.documents.fields import Json


@dataclass(frozen=True, slots=True)
class Session:
    """Who the server takes us for. `name` None: nobody, no credentials were sent."""

    name: str | None
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A row of a view. `id` None in reduced rows; `doc` only with include_docs."""

    id: str | None
    key: Any
    value: Any
    doc: Json | None = None


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of one document of a bulk write: written as `rev`, or refused with `error` and `reason`."""

    id: str
    rev: str | None = None
    error: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One changed document; `revs` are its leaf revisions, the winning one first."""

    seq: str
    id: str
    revs: tuple[str, ...]
    deleted: bool
    doc: Json | None


@dataclass(frozen=True, slots=True)
class ChangesBatch:
    """Changes in order. Save `last_seq` once they are dealt with; `pending` counts those that follow."""

    changes: tuple[Change, ...]
    last_seq: str
    pending: int


@dataclass(frozen=True, slots=True)
class DatabaseUpdate:
    """A database of the server was created, updated or deleted."""

    name: str
    kind: Literal["created", "updated", "deleted"]
    seq: str
