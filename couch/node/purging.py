"""Purge and compaction: what makes documents, and old bodies, really go away."""

import sqlite3
from collections.abc import Mapping, Sequence

from couch.node.revision import Rev, rev_text
from couch.node.revtree import RevTree
from couch.node.stored import Stored, json_text, read_many
from couch.node.treecodec import encode_tree
from couch.node.writing import Totals, forget_bodies, take_body

_BATCH = 500  # documents a transaction while compacting


def purge(
    connection: sqlite3.Connection, wanted: Mapping[str, Sequence[Rev]], *, seq: int, purge_seq: int
) -> tuple[dict[str, list[Rev]], Totals, int]:
    """Remove leaf revisions as if they had never been.

    Returns what was removed of each document, what changed in sum, and the purge sequence after it. A
    document that keeps other revisions gets a new sequence, so that indexes look at it again.
    """
    stored = read_many(connection, wanted)
    removed: dict[str, list[Rev]] = {doc_id: [] for doc_id in wanted}
    live = deleted = 0
    designs = False
    for doc_id, document in stored.items():
        rest, gone = document.tree.purge(wanted[doc_id])
        if not gone:
            continue
        removed[doc_id] = gone
        purge_seq += 1
        connection.execute(
            "INSERT INTO purges VALUES (?, ?, ?)",
            (purge_seq, doc_id, json_text([rev_text(rev) for rev in gone])),
        )
        designs = designs or doc_id.startswith("_design/")
        live -= not document.deleted
        deleted -= document.deleted
        if rest.nodes:
            seq += 1
            now_deleted = _shrink(connection, document, rest, seq)
            live += not now_deleted
            deleted += now_deleted
        else:
            connection.execute("DELETE FROM docs WHERE seq = ?", (document.seq,))
            connection.execute("DELETE FROM bodies WHERE id = ?", (doc_id,))
    return removed, Totals(seq, live, deleted, designs), purge_seq


def _shrink(connection: sqlite3.Connection, document: Stored, rest: RevTree, seq: int) -> bool:
    winner = rest.winner()
    same = winner.rev == document.rev
    body = document.body if same else take_body(connection, document.id, winner.rev)
    forget_bodies(connection, document.id, [rev for rev in document.tree.nodes if rev not in rest.nodes])
    connection.execute(
        "UPDATE docs SET seq = ?, deleted = ?, rev = ?, tree = ?, body = ? WHERE seq = ?",
        (seq, int(winner.deleted), rev_text(winner.rev), encode_tree(rest), body, document.seq),
    )
    return winner.deleted


def documents_with_old_bodies(connection: sqlite3.Connection, after: str) -> list[str]:
    """Ids, in order after `after`, of up to a batch of documents that have bodies beside the winner's."""
    rows = connection.execute(
        "SELECT DISTINCT id FROM bodies WHERE id > ? ORDER BY id LIMIT ?", (after, _BATCH)
    )
    return [row[0] for row in rows]


def drop_old_bodies(connection: sqlite3.Connection, doc_ids: Sequence[str]) -> None:
    """Keep only the bodies of leaves of these documents."""
    for document in read_many(connection, doc_ids).values():
        compacted = document.tree.forget_bodies()
        if compacted.nodes == document.tree.nodes:
            continue
        inner = [rev for rev, node in compacted.nodes.items() if not node.stored]
        forget_bodies(connection, document.id, inner)
        connection.execute("UPDATE docs SET tree = ? WHERE seq = ?", (encode_tree(compacted), document.seq))
