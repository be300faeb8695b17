"""What a replication counted."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts that accumulate over all sessions of one replication id, as CouchDB's do."""

    missing_checked: int = 0  # revisions listed by the source's feed
    missing_found: int = 0  # of these the target had not
    docs_read: int = 0
    docs_written: int = 0
    doc_write_failures: int = 0  # refused by the target, and passed over
    bulk_get_docs: int = 0
    bulk_get_attempts: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def at_least(self, other: "Tally") -> "Tally":
        """The larger of each count: a session goes on from what is already recorded."""
        return Tally(*(max(a, b) for a, b in zip(astuple(self), astuple(other), strict=True)))

    @classmethod
    def from_history(cls, entry: Mapping[str, Any]) -> "Tally":
        """The counts in one entry of a checkpoint's history; what is absent or no count is 0."""
        counts = {field.name: entry.get(field.name) for field in fields(cls)}
        return cls(**{name: count for name, count in counts.items() if isinstance(count, int)})

    def to_history(self) -> dict[str, int]:
        """The counts as a history entry names them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def to_stats(self) -> dict[str, int | None]:
        """The counts as `_scheduler` and `_replication_stats` name them."""
        return {
            "revisions_checked": self.missing_checked,
            "missing_revisions_found": self.missing_found,
            "docs_read": self.docs_read,
            "docs_written": self.docs_written,
            "changes_pending": None,
            "doc_write_failures": self.doc_write_failures,
            "bulk_get_docs": self.bulk_get_docs,
            "bulk_get_attempts": self.bulk_get_attempts,
        }
