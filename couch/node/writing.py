"""How documents change: edits meet stored trees, in memory first, then as rows.

A batch is prepared, judged by validators, applied and flushed under one lock of its database, so what it read
stays true until it is written. Nothing here knows HTTP or JavaScript.

Source: CouchDB `couch_db:update_docs/4`, `couch_db_updater:merge_rev_trees/3`.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from couch.node.answers import HttpError, conflict
from couch.node.edits import Edit
from couch.node.revision import Rev, new_revision, rev_text
from couch.node.revtree import RevTree, edit_path
from couch.node.stored import Stored, body_of, read_many, render, revisions_text
from couch.node.treecodec import encode_tree

# Design functions see at most so much ancestry (CouchDB: [query_server_config] revs_limit).
SHOWN_REVISIONS = 20
MAX_DOCUMENT = 8_000_000  # characters of JSON (CouchDB: [couchdb] max_document_size)

Result = Rev | HttpError | None  # the new revision; why not; None where it was known already


@dataclass(slots=True)
class Draft:
    """A document while a batch changes it."""

    stored: Stored | None
    tree: RevTree
    bodies: dict[Rev, str] = field(default_factory=dict)  # of revisions that this batch adds

    @property
    def changed(self) -> bool:
        return bool(self.bodies)


@dataclass(frozen=True, slots=True)
class Totals:
    """What a flush changed about the whole database."""

    seq: int
    live: int
    deleted: int
    designs: bool


class Batch:
    """Edits of normal documents (no `_local` ones) that are written together."""

    def __init__(self, connection: sqlite3.Connection, edits: Sequence[Edit], *, new_edits: bool) -> None:
        self._new_edits = new_edits
        self.edits = edits
        stored = read_many(connection, {edit.id for edit in edits})
        self._drafts = {
            edit.id: Draft(there, there.tree if there else RevTree())
            for edit in edits
            for there in (stored.get(edit.id),)
        }
        self.results: list[Result] = [self._refusal(edit) for edit in edits]

    def waiting(self) -> list[int]:
        """Positions of edits that are to be validated and applied."""
        return [
            at for at, edit in enumerate(self.edits) if self.results[at] is None and not self._known(edit)
        ]

    def items(self, connection: sqlite3.Connection, positions: Iterable[int]) -> str:
        """What validators judge, as one JSON text: `[[newDoc, oldDoc or null], ...]`."""
        return "[" + ",".join(self._item(connection, self.edits[at]) for at in positions) + "]"

    def refuse(self, at: int, error: HttpError) -> None:
        """A validator rejected the edit at this position."""
        self.results[at] = error

    def apply(self, positions: Iterable[int]) -> None:
        """Put these edits into the trees, in order: a later one of the same document meets the earlier."""
        change = self._edit if self._new_edits else self._replicate
        for at in positions:
            if self.results[at] is None:
                self.results[at] = change(self.edits[at])

    def flush(
        self,
        connection: sqlite3.Connection,
        *,
        seq: int,
        revs_limit: int,
    ) -> Totals:
        """Write the rows. `seq` is the newest so far; changed documents get the next, in order of ids."""
        live = deleted = 0
        designs = False
        new_rows: list[tuple[object, ...]] = []
        changed = sorted((doc_id for doc_id, draft in self._drafts.items() if draft.changed), key=str.encode)
        for doc_id in changed:
            draft = self._drafts[doc_id]
            seq += 1
            row = _row(connection, doc_id, draft, seq, revs_limit)
            if draft.stored is None:
                new_rows.append(row)
            else:
                connection.execute(
                    "UPDATE docs SET seq = ?, deleted = ?, rev = ?, tree = ?, body = ? WHERE seq = ?",
                    (row[0], *row[2:], draft.stored.seq),
                )
                live -= not draft.stored.deleted
                deleted -= draft.stored.deleted
            live += not row[2]
            deleted += bool(row[2])
            designs = designs or doc_id.startswith("_design/")
        connection.executemany(
            "INSERT INTO docs (seq, id, deleted, rev, tree, body) VALUES (?, ?, ?, ?, ?, ?)", new_rows
        )
        return Totals(seq, live, deleted, designs)

    def _refusal(self, edit: Edit) -> HttpError | None:
        """Why the edit cannot be, seen from what is stored."""
        if not self._new_edits:
            return None
        draft = self._drafts[edit.id]
        if edit.rev is not None:
            return None if draft.tree.is_leaf(edit.rev) else conflict()
        return None if draft.stored is None or draft.stored.deleted else conflict()

    def _known(self, edit: Edit) -> bool:
        if self._new_edits or edit.rev is None:
            return False
        return self._drafts[edit.id].tree.has(edit.rev)

    def _item(self, connection: sqlite3.Connection, edit: Edit) -> str:
        extras = []
        path = edit_path(edit.start, edit.hashes)
        if path:
            extras.append(("_revisions", revisions_text(path, SHOWN_REVISIONS)))
        rev = None if edit.rev is None else rev_text(edit.rev)
        new = render(edit.id, rev, edit.body_text(), deleted=edit.deleted, extras=extras)
        old = self._ancestor(connection, edit, path)
        return f"[{new},{old or 'null'}]"

    def _ancestor(self, connection: sqlite3.Connection, edit: Edit, path: list[Rev]) -> str | None:
        """What the edit replaces: the revision it names, or the nearest stored one on a replicated branch."""
        stored = self._drafts[edit.id].stored
        if stored is None or not path:
            return None
        candidates = path
        if not self._new_edits:
            candidates = stored.tree.merge(path, deleted=edit.deleted).path(path[0])[1:]
        for rev in candidates:
            body = body_of(connection, stored, rev)
            if body is not None:
                extras = [("_revisions", revisions_text(stored.tree.path(rev), SHOWN_REVISIONS))]
                deleted = stored.tree.nodes[rev].deleted
                return render(stored.id, rev_text(rev), body, deleted=deleted, extras=extras)
        return None

    def _edit(self, edit: Edit) -> Result:
        draft = self._drafts[edit.id]
        parent = edit.rev
        if draft.tree.nodes:
            winner = draft.tree.winner()
            if winner.deleted:
                # Only a new beginning may follow, and it grows from the tombstone.
                if parent is not None or edit.deleted:
                    return conflict()
                parent = winner.rev
            elif parent is None or not draft.tree.is_leaf(parent):
                return conflict()
        elif parent is not None:
            return conflict()
        text = edit.body_text()
        if len(text) > MAX_DOCUMENT:
            return _too_large(edit)
        rev = new_revision(parent, deleted=edit.deleted, body=edit.body)
        path = [rev, *(draft.tree.path(parent) if parent else [])]
        if rev in draft.tree.nodes:
            return conflict()
        draft.tree = draft.tree.merge(path, deleted=edit.deleted)
        draft.bodies[rev] = text
        return rev

    def _replicate(self, edit: Edit) -> Result:
        draft = self._drafts[edit.id]
        path = edit_path(edit.start, edit.hashes)
        if draft.tree.has(path[0]):
            return None
        text = edit.body_text()
        if len(text) > MAX_DOCUMENT:
            return _too_large(edit)
        draft.tree = draft.tree.merge(path, deleted=edit.deleted)
        draft.bodies[path[0]] = text
        return None


def _too_large(edit: Edit) -> HttpError:
    return HttpError(413, "document_too_large", edit.id)


def _row(
    connection: sqlite3.Connection, doc_id: str, draft: Draft, seq: int, revs_limit: int
) -> tuple[object, ...]:
    """The row of `docs` for a changed document; moves bodies of other revisions to their table."""
    tree = draft.tree.stem(revs_limit)
    winner = tree.winner()
    aside = {rev: body for rev, body in draft.bodies.items() if rev in tree.nodes}
    body = aside.pop(winner.rev, None)
    old = draft.stored
    if old is not None:
        if old.rev == winner.rev:
            body = old.body
        elif old.rev in tree.nodes:
            aside[old.rev] = old.body
    if aside:
        connection.executemany(
            "INSERT OR REPLACE INTO bodies VALUES (?, ?, ?)",
            [(doc_id, rev_text(rev), text) for rev, text in aside.items()],
        )
    if body is None:
        body = take_body(connection, doc_id, winner.rev)
    if tree is not draft.tree and old is not None:
        forget_bodies(connection, doc_id, [rev for rev in draft.tree.nodes if rev not in tree.nodes])
    return seq, doc_id, int(winner.deleted), rev_text(winner.rev), encode_tree(tree), body


def take_body(connection: sqlite3.Connection, doc_id: str, rev: Rev) -> str:
    """Take a body out of its table: its revision becomes the winner."""
    row = connection.execute(
        "DELETE FROM bodies WHERE id = ? AND rev = ? RETURNING body", (doc_id, rev_text(rev))
    ).fetchone()
    return str(row[0])


def forget_bodies(connection: sqlite3.Connection, doc_id: str, revs: Iterable[Rev]) -> None:
    """Delete the bodies of these revisions where they are stored beside the winner's."""
    connection.executemany(
        "DELETE FROM bodies WHERE id = ? AND rev = ?", [(doc_id, rev_text(rev)) for rev in revs]
    )
