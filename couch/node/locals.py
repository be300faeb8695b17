"""`_local` documents: no revision tree, never replicated, no validator.

Source: CouchDB `couch_db_updater:update_local_doc_revs/1`; like there, a write is never a conflict.
"""

import sqlite3

from couch.node.answers import bad_request
from couch.node.edits import Edit
from couch.node.revision import Rev
from couch.node.stored import render


def write_local(connection: sqlite3.Connection, edit: Edit) -> Rev:
    """Write or delete a `_local` document; returns its new revision, `0-<n>`."""
    before = local_generation(edit)
    if edit.deleted:
        connection.execute("DELETE FROM locals WHERE id = ?", (edit.id,))
        return 0, "0"
    connection.execute(
        "INSERT OR REPLACE INTO locals VALUES (?, ?, ?)", (edit.id, before + 1, edit.body_text())
    )
    return 0, str(before + 1)


def local_generation(edit: Edit) -> int:
    """The number in the revision that a `_local` edit names, 0 where it names none.

    Raises:
        HttpError: 400 where it names a revision that no `_local` document has.
    """
    if edit.rev is None:
        return 0
    generation, number = edit.rev
    if generation != 0 or not (number.isascii() and number.isdigit()):
        raise bad_request("Invalid rev format")
    return int(number)


def read_local(connection: sqlite3.Connection, doc_id: str) -> str | None:
    """A `_local` document as JSON text; None where there is none."""
    row = connection.execute("SELECT generation, body FROM locals WHERE id = ?", (doc_id,)).fetchone()
    return None if row is None else render(doc_id, f"0-{row[0]}", row[1], deleted=False)
