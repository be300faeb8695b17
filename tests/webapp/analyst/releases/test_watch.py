"""Versions go when a household withdraws that they hold; the folder stays whole whatever is interrupted."""

import dataclasses
import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from couch.documents import ConsentState, Withdrawal
from couch.errors import Unreachable
from couch.results import Change, ChangesBatch
from webapp.analyst.releases.files import archive
from webapp.analyst.releases.making import Maker, make_release
from webapp.analyst.releases.record import ReleaseRecord, WithdrawnVersion
from webapp.analyst.releases.store import ReleaseStore
from webapp.analyst.releases.watch import ReleaseWatch
from webapp.analyst.selection import Selection


def test_nothing_is_withdrawn_while_nobody_withdraws(
    maker: Maker, selection: Selection, watch: ReleaseWatch, store: ReleaseStore
) -> None:
    record = make_release(maker, "energy", selection).record
    assert watch.look() == 0
    assert store.find("energy", 1) == record


def test_an_erased_household_takes_every_version_with_it_that_holds_its_readings(
    maker: Maker, selection: Selection, watch: ReleaseWatch, research: Any, store: ReleaseStore
) -> None:
    record = make_release(maker, "energy", selection).record
    watch.look()
    research.holds(Withdrawal(household=record.households[2]))
    assert watch.look() == 1
    gone = store.find("energy", 1)
    assert isinstance(gone, WithdrawnVersion)
    assert (gone.erased, gone.revoked) == (1, 0)
    assert not (store.folder / "energy" / "1").exists()
    assert not any(record.households[2].encode() in each.read_bytes() for each in files(store.folder))


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


@pytest.mark.parametrize("anonymized", [True, False])
def test_a_revocation_takes_versions_that_told_of_place_and_installations(  # noqa: PLR0917
    anonymized: bool,
    maker: Maker,
    selection: Selection,
    watch: ReleaseWatch,
    research: Any,
    survey: Any,
    store: ReleaseStore,
) -> None:
    make_release(maker, "energy", selection)
    revoked = msgspec.structs.replace(survey.known[1], consent=ConsentState.REVOKED, anonymized=anonymized)
    research.holds(revoked)
    assert watch.look() == 1
    survey.known[1] = revoked
    again = make_release(maker, "energy", selection).record
    assert again.version == 2
    assert watch.look() == 0  # the next one knows of the revocation
    assert store.newest("energy", above=1) == again


def test_a_revocation_leaves_readings_alone(
    maker: Maker, selection: Selection, watch: ReleaseWatch, research: Any, survey: Any
) -> None:
    make_release(maker, "readings", dataclasses.replace(selection, tables=("measurements", "gaps")))
    research.holds(msgspec.structs.replace(survey.known[1], consent=ConsentState.REVOKED))
    assert watch.look() == 0


def test_a_version_published_after_the_withdrawal_was_seen_is_judged_too(
    maker: Maker, selection: Selection, watch: ReleaseWatch, research: Any, survey: Any
) -> None:
    research.holds(Withdrawal(household=survey.known[0].household))
    assert watch.look() == 0
    make_release(maker, "energy", selection)  # read before the erasure, published after it
    assert watch.look() == 1


def test_a_database_that_was_made_anew_is_read_from_its_beginning(
    maker: Maker,
    selection: Selection,
    watch: ReleaseWatch,
    research: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def changes(since: str, *, limit: int) -> ChangesBatch:
        docs = list(research.fake.docs.values())[int(since) :]
        found = tuple(Change("", doc["_id"], ("1-a",), False, doc) for doc in docs)
        return ChangesBatch(found, str(len(research.fake.docs)), 0)

    monkeypatch.setattr(research.fake, "changes", changes)
    record = make_release(maker, "energy", selection).record
    assert watch.look() == 0
    contexts = research.fake.docs
    research.fake.docs, research.fake.instance = {}, "another"
    research.holds(Withdrawal(household=record.households[0]))
    research.fake.docs |= contexts  # already larger than the one before
    assert watch.look() == 1


def test_a_version_under_the_number_of_one_that_was_deleted_by_hand_is_judged_by_what_it_holds(  # noqa: PLR0917
    maker: Maker, selection: Selection, watch: ReleaseWatch, survey: Any, research: Any, store: ReleaseStore
) -> None:
    survey.measured = lambda number: number != 0
    narrower = make_release(maker, "energy", selection).record
    research.holds(Withdrawal(household=survey.known[0].household))
    assert watch.look() == 0  # it tells nothing of that household
    shutil.rmtree(store.folder / "energy" / "1")
    survey.measured = lambda _number: True
    by_command = dataclasses.replace(maker, store=ReleaseStore(store.folder))
    wider = make_release(by_command, "energy", selection).record
    assert (wider.version, store.find("energy", 1)) == (narrower.version, wider)
    assert watch.look() == 1


def test_an_archive_that_is_on_its_way_while_its_version_is_withdrawn_cannot_be_read(
    maker: Maker, selection: Selection, watch: ReleaseWatch, research: Any, store: ReleaseStore
) -> None:
    record = make_release(maker, "energy", selection).record
    stream = archive(store, record)
    begun = io.BytesIO()
    begun.write(next(stream))
    research.holds(Withdrawal(household=record.households[0]))
    assert watch.look() == 1
    with pytest.raises(FileNotFoundError):
        begun.writelines(stream)
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(begun)


def test_a_number_is_never_given_twice(
    maker: Maker, selection: Selection, watch: ReleaseWatch, research: Any, store: ReleaseStore
) -> None:
    first = make_release(maker, "energy", selection).record
    research.holds(Withdrawal(household=first.households[0]))
    watch.look()
    assert make_release(maker, "energy", selection).record.version == 2
    assert [each.version for each in store.versions("energy")] == [2, 1]
    assert isinstance(store.versions("energy")[1], WithdrawnVersion)


def test_a_version_is_gone_from_the_moment_that_is_written_down(
    maker: Maker, selection: Selection, store: ReleaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = make_release(maker, "energy", selection).record

    def killed(_folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        store.withdraw(record, record.published_at, erased=1, revoked=0)
    monkeypatch.undo()
    after = ReleaseStore(store.folder)
    assert isinstance(after.find("energy", 1), WithdrawnVersion)
    assert (after.standing(), after.newest("energy")) == ([], None)
    after.tidy()
    assert not (store.folder / "energy" / "1").exists()


def test_whoever_cannot_ask_does_not_know(watch: ReleaseWatch, research: Any) -> None:
    research.fake.fails = Unreachable("nobody answered.")
    with pytest.raises(Unreachable):
        watch.look()


def test_files_are_found_by_the_record_alone(maker: Maker, selection: Selection, store: ReleaseStore) -> None:
    record = make_release(maker, "energy", selection).record
    assert store.path(record, "data/context.csv") == store.folder / "energy/1/data/context.csv"
    for path in ("release.json", "../1/README.md", "data", "/etc/passwd", "data/../README.md"):
        assert store.path(record, path) is None


def test_a_published_file_cannot_be_written(maker: Maker, selection: Selection, store: ReleaseStore) -> None:
    record = make_release(maker, "energy", selection).record
    assert all(
        not (store.folder / "energy" / "1" / file.path).stat().st_mode & 0o222 for file in record.files
    )
    assert isinstance(record, ReleaseRecord)
