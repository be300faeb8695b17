"""What a document says, apart from what CouchDB adds to it."""

import msgspec

from couch.documents.fields import Json


def path_of(doc_id: str) -> tuple[str, ...]:
    """The path segments of a document: `_design/x` and `_local/x` are two, every other id is one."""
    return tuple(doc_id.split("/", 1)) if doc_id.startswith(("_design/", "_local/")) else (doc_id,)


def content_of(doc: Json) -> Json:
    """The document without its id and what CouchDB adds."""
    return {key: value for key, value in doc.items() if not key.startswith("_") or key == "_deleted"}


def same_content(one: Json, other: Json) -> bool:
    """Whether two documents say the same, whatever their revisions."""
    normal: Json = msgspec.json.decode(msgspec.json.encode(content_of(other)))
    return content_of(one) == normal
