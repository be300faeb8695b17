"""Documents as they lie in the database, and their rendering as JSON text."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from couch.node.revision import Rev, parse_rev, rev_text
from couch.node.revtree import RevTree
from couch.node.treecodec import decode_tree

COLUMNS = "seq, id, deleted, rev, tree, body"
_encode = msgspec.json.Encoder().encode


def json_text(value: object) -> str:
    """`value` as compact JSON text."""
    return _encode(value).decode()


@dataclass(frozen=True)
class Stored:
    """One row of `docs`: a document with its winning revision and its body as JSON text."""

    seq: int
    id: str
    deleted: bool
    rev_text: str
    tree_text: str | None
    body: str

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> "Stored":
        """From a row of `COLUMNS`."""
        seq, doc_id, deleted, rev, tree, body = row
        return cls(seq, doc_id, bool(deleted), rev, tree, body)

    @property
    def rev(self) -> Rev:
        """The winner."""
        return parse_rev(self.rev_text)

    @cached_property
    def tree(self) -> RevTree:
        return decode_tree(self.tree_text, self.rev, deleted=self.deleted)

    def render(self, extras: Iterable[tuple[str, str]] = ()) -> str:
        """The winner as JSON text."""
        return render(self.id, self.rev_text, self.body, deleted=self.deleted, extras=extras)

    def conflicts(self) -> list[Rev]:
        """Live leaves beside the winner."""
        return [leaf.rev for leaf in self.tree.leaves()[1:] if not leaf.deleted]

    def deleted_conflicts(self) -> list[Rev]:
        """Deleted leaves beside the winner."""
        return [leaf.rev for leaf in self.tree.leaves()[1:] if leaf.deleted]


def render(
    doc_id: str, rev: str | None, body: str, *, deleted: bool, extras: Iterable[tuple[str, str]] = ()
) -> str:
    """A document as JSON text.

    `body` is the text of an object; `extras` are further members, each with its value as JSON text. The order
    is CouchDB's: id, revision, content, deletion, the rest.
    """
    parts = [f'{{"_id":{json_text(doc_id)}']
    if rev is not None:
        parts.append(f'"_rev":"{rev}"' if '"' not in rev else f'"_rev":{json_text(rev)}')
    if body != "{}":
        parts.append(body[1:-1])
    if deleted:
        parts.append('"_deleted":true')
    parts.extend(f'"{name}":{value}' for name, value in extras)
    return ",".join(parts) + "}"


def revisions_text(path: Sequence[Rev], limit: int | None = None) -> str:
    """The `_revisions` member for a path (newest first)."""
    hashes = [rev_hash for _, rev_hash in path[:limit]]
    return json_text({"start": path[0][0], "ids": hashes})


def revs_text(revs: Iterable[Rev]) -> str:
    """A JSON array of revisions."""
    return json_text([rev_text(rev) for rev in revs])


def read_one(connection: sqlite3.Connection, doc_id: str) -> Stored | None:
    """The document with this id; None where there never was one."""
    row = connection.execute(f"SELECT {COLUMNS} FROM docs WHERE id = ?", (doc_id,)).fetchone()  # noqa: S608
    return None if row is None else Stored.from_row(row)


def read_many(connection: sqlite3.Connection, doc_ids: Iterable[str]) -> dict[str, Stored]:
    """Those of the documents that exist, deleted or not."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM docs WHERE id IN (SELECT value FROM json_each(?))",  # noqa: S608
        (json_text(list(doc_ids)),),
    )
    return {row[1]: Stored.from_row(row) for row in rows}


def body_of(connection: sqlite3.Connection, stored: Stored, rev: Rev) -> str | None:
    """The body of one revision as JSON text; None where it was not stored, or was compacted away."""
    text = rev_text(rev)
    if text == stored.rev_text:
        return stored.body
    node = stored.tree.nodes.get(rev)
    if node is None or not node.stored:
        return None
    row = connection.execute("SELECT body FROM bodies WHERE id = ? AND rev = ?", (stored.id, text)).fetchone()
    return None if row is None else str(row[0])
