"""What a client wants written: a JSON document taken apart into revision, deletion and body.

Source: CouchDB `couch_doc:from_json_obj/2` and `validate_docid/1`.
"""

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from couch.node.answers import HttpError, bad_request, not_implemented
from couch.node.revision import Rev, parse_rev, parse_revisions

LOCAL = "_local/"
DESIGN = "_design/"

_DROPPED = frozenset({"_revs_info", "_local_seq", "_conflicts", "_deleted_conflicts"})
# Members that belong to the body although they start with an underscore.
_KEPT = frozenset(
    {
        "_access",
        "_replication_state",
        "_replication_state_time",
        "_replication_state_reason",
        "_replication_id",
        "_replication_stats",
    }
)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Edit:
    """A document as it was sent.

    Attributes: `id` "" where none was sent; `start` and `hashes` the revision it names with as much of its
    ancestry as was sent, newest first (0 and none where it names none); `body` without special members.
    """

    id: str
    start: int
    hashes: tuple[str, ...]
    deleted: bool
    body: dict[str, Any]

    @property
    def rev(self) -> Rev | None:
        """The revision named."""
        return (self.start, self.hashes[0]) if self.hashes else None

    @property
    def is_local(self) -> bool:
        return self.id.startswith(LOCAL)

    @property
    def is_design(self) -> bool:
        return self.id.startswith(DESIGN)

    def body_text(self) -> str:
        """The body as JSON text."""
        return _encode(self.body).decode()

    def with_id(self, doc_id: str) -> "Edit":
        return replace(self, id=doc_id)

    def with_rev(self, rev: Rev) -> "Edit":
        return replace(self, start=rev[0], hashes=(rev[1],))

    def with_body(self, body: dict[str, Any]) -> "Edit":
        return replace(self, body=body)


def parse_edit(document: object) -> Edit:
    """Take `document` apart.

    Raises:
        HttpError: 400 where it is no object, its id or a special member is not acceptable; 501 where it has
            attachments.
    """
    if not isinstance(document, dict):
        raise bad_request("Document must be a JSON object")
    special = [name for name in document if name.startswith("_")]
    if not special:
        return Edit("", 0, (), False, document)
    doc_id, start, hashes, deleted = "", 0, tuple[str, ...](), False
    body = dict(document)
    for name in special:
        value = document[name]
        if name in _KEPT:
            continue
        del body[name]
        if name == "_id":
            doc_id = validate_id(value)
        elif name == "_rev":
            # A `_revisions` member says more, wherever it stands.
            if not hashes:
                generation, rev_hash = parse_rev(value)
                start, hashes = generation, (rev_hash,)
        elif name == "_revisions":
            start, hashes = parse_revisions(value)
        elif name == "_deleted" and isinstance(value, bool):
            deleted = value
        elif name == "_attachments" and isinstance(value, dict):
            if value:
                raise not_implemented("Attachments are not supported by this node.")
        elif name not in _DROPPED:
            raise HttpError(400, "doc_validation", f"Bad special document member: {name}")
    return Edit(doc_id, start, hashes, deleted, body)


def validate_id(doc_id: object) -> str:
    """`doc_id` where it may name a document.

    Raises:
        HttpError: 400 (`illegal_docid`) where it may not.
    """
    if not isinstance(doc_id, str):
        raise HttpError(400, "illegal_docid", "Document id must be a string")
    if not doc_id:
        raise HttpError(400, "illegal_docid", "Document id must not be empty")
    if doc_id in (DESIGN, LOCAL):
        raise HttpError(400, "illegal_docid", f"Illegal document id `{doc_id}`")
    if doc_id.startswith("_") and not doc_id.startswith((DESIGN, LOCAL)):
        reason = "Only reserved document ids may start with underscore."
        raise HttpError(400, "illegal_docid", reason)
    return doc_id
