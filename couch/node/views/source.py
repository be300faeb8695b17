"""What views need of a database beside `couch.node.source.DocumentSource`."""

from typing import Protocol

from couch.node.source import DocumentSource
from couch.node.stored import Stored


class ViewSource(DocumentSource, Protocol):
    """A database whose documents are indexed. Every call blocks: make it in a thread."""

    def designs(self) -> list[str]:
        """JSON texts of all design documents that are not deleted."""

    def stored(self, doc_id: str) -> Stored | None:
        """The document with this id, deleted or not; None where there never was one."""
