"""The folder of databases: names, leftovers of crashes, files that are not ours."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from couch.errors import Fault
from couch.node.answers import HttpError
from couch.node.catalog import Catalog, check_name
from couch.node.database import Database
from couch.node.edits import parse_edit
from couch.node.schema import create_file


def stored_names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "databases").iterdir())


def test_databases_are_created_listed_and_deleted(tmp_path: Path) -> None:
    async def steps() -> None:
        catalog = Catalog(tmp_path)
        await catalog.create("b/1")
        await catalog.create("a")
        assert catalog.names() == ["a", "b/1"]
        with pytest.raises(HttpError, match="412"):
            await catalog.create("a")
        await catalog.remove("a")
        with pytest.raises(HttpError, match="404"):
            await catalog.get("a")
        catalog.close()

    asyncio.run(steps())
    assert stored_names(tmp_path) == ["b%2F1.sqlite"]
    assert Catalog(tmp_path).names() == ["b/1"]


def test_a_database_made_anew_under_its_name_is_another_one(tmp_path: Path) -> None:
    async def steps() -> None:
        catalog = Catalog(tmp_path)
        first = await catalog.create("a")
        first.write([parse_edit({"_id": "x"})], new_edits=True)
        await catalog.remove("a")
        second = await catalog.create("a")
        assert second.instance != first.instance
        assert second.stored("x") is None
        assert not first.instance_is_current()
        catalog.close()

    asyncio.run(steps())


def test_what_a_crash_left_half_made_or_half_removed_is_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "databases"
    folder.mkdir()
    (folder / "unborn.sqlite").touch()
    create_file(folder / "whole.sqlite")
    (folder / "removed.sqlite.deleted").write_bytes(b"x" * 5000)
    (folder / "removed.sqlite-wal").write_bytes(b"x" * 5000)
    assert Catalog(tmp_path).names() == ["whole"]
    assert stored_names(tmp_path) == ["whole.sqlite"]


def test_a_short_foreign_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "databases"
    folder.mkdir()
    (folder / "notes.sqlite").write_text("hello")
    with pytest.raises(Fault, match=r"notes\.sqlite is not a database of this node"):
        Catalog(tmp_path)
    assert (folder / "notes.sqlite").read_text() == "hello"


def test_a_database_whose_making_was_interrupted_is_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "databases"
    folder.mkdir()
    create_file(folder / "a.sqlite")
    (folder / "a.sqlite-journal").write_bytes(b"x" * 600)
    assert Catalog(tmp_path).names() == []
    assert list(folder.iterdir()) == []


def test_a_foreign_file_is_refused_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "databases"
    folder.mkdir()
    other = sqlite3.connect(folder / "other.sqlite")
    other.execute("PRAGMA user_version = 7")
    other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(Fault, match=r"other\.sqlite is not a database of this node.*--data"):
        Catalog(tmp_path)


def test_a_file_of_a_newer_format_is_refused_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "databases"
    folder.mkdir()
    create_file(folder / "new.sqlite")
    newer = sqlite3.connect(folder / "new.sqlite")
    newer.execute("PRAGMA user_version = 99")
    newer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    newer.close()
    with pytest.raises(Fault, match=r"format 99, this program knows format 1: a newer version"):
        Catalog(tmp_path)


@pytest.mark.parametrize("name", ["A", "1a", "a b", "_a", "", "ä", "a.b"])
def test_a_name_that_couchdb_refuses_is_refused(name: str) -> None:
    with pytest.raises(HttpError, match="illegal_database_name"):
        check_name(name)


def test_a_name_too_long_for_a_file_is_refused() -> None:
    with pytest.raises(HttpError, match="database_name_too_long"):
        check_name("a" * 201)


def test_databases_that_rest_are_opened_again_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("couch.node.catalog.OPEN_DATABASES", 1)

    async def steps() -> list[Database]:
        catalog = Catalog(tmp_path)
        made = [await catalog.create(name) for name in ("a", "b")]
        made[0].write([parse_edit({"_id": "x"})], new_edits=True)
        await catalog.get("a")
        await catalog.get("b")
        assert (await catalog.get("a")).stored("x") is not None
        catalog.close()
        return made

    assert len(asyncio.run(steps())) == 2


def test_followers_hear_of_creation_change_and_deletion_once_each(tmp_path: Path) -> None:
    async def steps() -> None:
        catalog = Catalog(tmp_path)
        await catalog.create("a")
        catalog.updates.record("a", "updated")
        catalog.updates.record("a", "updated")
        seen = [(event.name, event.kind) for event in catalog.updates.since(0)]
        assert seen == [("a", "created"), ("a", "updated")]
        at = catalog.updates.seq
        await catalog.remove("a")
        assert [event.kind for event in catalog.updates.since(at)] == ["deleted"]
        catalog.close()

    asyncio.run(steps())


def test_after_a_restart_followers_hear_of_every_database_again(tmp_path: Path) -> None:
    async def first() -> str:
        catalog = Catalog(tmp_path)
        await catalog.create("a")
        catalog.close()
        return catalog.updates.text(catalog.updates.seq)

    since = asyncio.run(first())
    updates = Catalog(tmp_path).updates
    assert [event.name for event in updates.since(updates.parse(since))] == ["a", "a"]
