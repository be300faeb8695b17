"""One database: what writing, purging and compacting do to its rows."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from couch.node.answers import HttpError
from couch.node.connections import Connections, DatabaseGoneError
from couch.node.database import Database
from couch.node.edits import Edit, parse_edit
from couch.node.revision import rev_text
from couch.node.schema import create_file


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "databases" / "d.sqlite"
    path.parent.mkdir()
    create_file(path)
    opened = Database("d", path)
    yield opened
    opened.connections.close()


def put(database: Database, **document: object) -> str:
    (result,) = database.write([parse_edit(document)], new_edits=True)
    assert isinstance(result, tuple), result
    return rev_text(result)


def replicate(database: Database, *revisions: str, doc_id: str = "a", **body: object) -> None:
    """Write the first of `revisions` (`<generation>-<letter>`) with the others as its ancestry."""
    start = int(revisions[0].partition("-")[0])
    hashes = tuple(rev.partition("-")[2] * 32 for rev in revisions)
    assert database.write([Edit(doc_id, start, hashes, False, dict(body))], new_edits=False) == [None]


def error(database: Database, **document: object) -> str:
    (result,) = database.write([parse_edit(document)], new_edits=True)
    assert isinstance(result, HttpError)
    return result.error


def bodies(database: Database) -> int:
    with database.connections.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM bodies").fetchone()[0])


def compact(database: Database) -> None:
    after: str | None = ""
    while after is not None:
        after = database.drop_old_bodies(after)
    database.connections.rewrite()


def test_a_written_document_is_read_with_its_revision(database: Database) -> None:
    rev = put(database, _id="a", x=1)
    found = database.winner("a")
    assert found is not None
    assert found.body == f'{{"_id":"a","_rev":"{rev}","x":1}}'
    assert (found.seq, database.update_seq()) == (1, 1)


def test_the_same_document_gets_the_same_revision_in_another_database(
    database: Database, tmp_path: Path
) -> None:
    create_file(tmp_path / "other.sqlite")
    other = Database("other", tmp_path / "other.sqlite")
    assert put(database, _id="a", x=1, y=[1.5]) == put(other, _id="a", y=[1.5], x=1)
    assert database.instance != other.instance


def test_an_update_needs_the_revision_it_replaces(database: Database) -> None:
    rev = put(database, _id="a", x=1)
    assert error(database, _id="a", x=2) == "conflict"
    assert put(database, _id="a", _rev=rev, x=2).startswith("2-")
    assert error(database, _id="a", _rev=rev, x=3) == "conflict"


def test_two_edits_of_one_document_in_a_batch_are_an_edit_and_a_conflict(database: Database) -> None:
    first, second = database.write([parse_edit({"_id": "a", "x": n}) for n in range(2)], new_edits=True)
    assert isinstance(first, tuple)
    assert isinstance(second, HttpError)
    assert database.state.doc_count == 1


def test_counts_follow_creation_deletion_and_creation_anew(database: Database) -> None:
    rev = put(database, _id="a")
    put(database, _id="b")
    gone = put(database, _id="a", _rev=rev, _deleted=True)
    assert (database.state.doc_count, database.state.deleted_count) == (1, 1)
    assert error(database, _id="a", _rev=gone) == "conflict"
    assert put(database, _id="a").startswith("3-")
    assert (database.state.doc_count, database.state.deleted_count) == (2, 0)


def test_changes_come_in_order_and_each_document_once(database: Database) -> None:
    rev = put(database, _id="b")
    put(database, _id="a")
    put(database, _id="b", _rev=rev)
    assert [(one.seq, one.id) for one in database.changed_since(0, 10)] == [(2, "a"), (3, "b")]
    assert [one.id for one in database.changed_since(2, 10)] == ["b"]
    assert len(database.changed_since(0, 1)) == 1


def test_a_batch_takes_its_sequences_in_the_order_of_ids(database: Database) -> None:
    database.write([parse_edit({"_id": doc_id}) for doc_id in ("z", "a", "ä", "B")], new_edits=True)
    assert [one.id for one in database.changed_since(0, 10)] == ["B", "a", "z", "ä"]


def test_a_replicated_conflict_shows_the_winner_and_keeps_the_loser(database: Database) -> None:
    replicate(database, "1-b", v=1)
    replicate(database, "1-c", v=2)
    found = database.winner("a")
    assert found is not None
    assert found.rev == "1-" + "c" * 32
    loser = database.revision("a", "1-" + "b" * 32)
    assert loser is not None
    assert '"v":1' in loser.body


def test_a_loser_becomes_the_winner_with_its_body_when_the_winner_is_purged(database: Database) -> None:
    replicate(database, "1-b", v=1)
    replicate(database, "1-c", v=2)
    assert database.purge({"a": [(1, "c" * 32)]}) == {"a": [(1, "c" * 32)]}
    found = database.winner("a")
    assert found is not None
    assert '"v":1' in found.body
    assert database.purged_ids(0) == ["a"]
    assert bodies(database) == 0


def test_purging_the_last_revision_removes_the_document(database: Database) -> None:
    put(database, _id="a", secret="soup")
    rev = database.stored("a")
    assert rev is not None
    database.purge({"a": [rev.rev]})
    assert database.stored("a") is None
    assert (database.state.doc_count, database.purge_seq(), database.update_seq()) == (0, 1, 1)


def test_a_revision_that_is_known_is_not_written_again(database: Database) -> None:
    replicate(database, "2-b", "1-a", v=1)
    replicate(database, "2-b", "1-a", v=2)
    replicate(database, "1-a", v=3)
    assert database.update_seq() == 1


def test_compaction_drops_old_bodies_and_keeps_conflicts(database: Database) -> None:
    rev = put(database, _id="a", v="old-content")
    put(database, _id="a", _rev=rev, v="new-content")
    replicate(database, "1-b", v="conflicting-content")
    compact(database)
    assert database.revision("a", rev) is None
    assert database.revision("a", "1-" + "b" * 32) is not None
    stored = database.stored("a")
    assert stored is not None
    assert not stored.tree.nodes[stored.tree.path(stored.rev)[1]].stored


def test_after_purge_and_compaction_no_byte_of_the_content_is_in_the_files(database: Database) -> None:
    rev = put(database, _id="a", name="Erika Mustermann")
    deleted = put(database, _id="a", _rev=rev, _deleted=True, name="Erika Mustermann")
    put(database, _id="b", name="somebody else")
    files = list(database.path.parent.iterdir())
    assert any(b"Erika" in file.read_bytes() for file in files)
    stored = database.stored("a")
    assert stored is not None
    assert stored.rev_text == deleted
    database.purge({"a": [stored.rev]})
    compact(database)
    assert not any(b"Erika" in file.read_bytes() for file in database.path.parent.iterdir())
    assert database.winner("b") is not None


def test_a_limit_of_revisions_cuts_the_ancestry_and_its_bodies(database: Database) -> None:
    database.set_revs_limit(2)
    rev = None
    for number in range(4):
        rev = put(database, _id="a", n=number, **({"_rev": rev} if rev else {}))
    stored = database.stored("a")
    assert stored is not None
    assert len(stored.tree.nodes) == 2
    assert bodies(database) == 1


def test_validators_are_known_until_a_design_document_changes(database: Database) -> None:
    assert database.validators() == []
    rev = put(database, _id="_design/v", validate_doc_update="function(){}")
    put(database, _id="_design/w", views={})
    assert len(database.validators()) == 1
    put(database, _id="_design/v", _rev=rev, _deleted=True)
    assert database.validators() == []


def test_everything_is_there_after_opening_again(database: Database) -> None:
    rev = put(database, _id="a", x=1)
    database.set_security({"members": {"roles": ["r"]}})
    database.write_locals([parse_edit({"_id": "_local/x", "n": 1})])
    database.connections.close()
    again = Database("d", database.path)
    found = again.winner("a")
    assert found is not None
    assert found.rev == rev
    assert again.state == database.state
    assert again.state.security == {"members": {"roles": ["r"]}}


def test_a_database_that_is_gone_is_never_opened_again(database: Database) -> None:
    put(database, _id="a")
    database.removed = True
    database.destroy()
    assert list(database.path.parent.iterdir()) == []
    create_file(database.path)
    with pytest.raises(DatabaseGoneError):
        database.stored("a")
    with pytest.raises(HttpError):
        database.write([parse_edit({"_id": "b"})], new_edits=True)


def test_a_full_disk_refuses_the_write_and_nothing_else(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(database, _id="a")
    whole = Connections._open

    def limited(connections: Connections) -> sqlite3.Connection:
        connection = whole(connections)
        connection.execute("PRAGMA max_page_count = 20")
        return connection

    with monkeypatch.context() as patched:
        patched.setattr(Connections, "_open", limited)
        database.connections.rest()
        with pytest.raises(sqlite3.OperationalError, match="full"):
            database.write([parse_edit({"_id": "b", "x": "x" * 500_000})], new_edits=True)
    database.connections.rest()
    assert database.state.doc_count == 1
    put(database, _id="c")
    assert [one.id for one in database.changed_since(0, 10)] == ["a", "c"]


def test_a_document_beyond_eight_megabytes_is_refused(database: Database) -> None:
    put(database, _id="large", x="x" * 7_900_000)
    assert error(database, _id="larger", x="x" * 8_000_000) == "document_too_large"
