"""Kept months and erasure: at a running centre, nothing of an erased household is left in the folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from couch.clock import Clock
from couch.names import ANALYST
from couch.research import measurements
from provisioning.rights.erasing import erase_household
from webapp.analyst.keeper import Keeper
from webapp.analyst.kept_months import KeptMonths
from webapp.analyst.month_keeping import month_named
from webapp.analyst.research_source import ResearchSource


def files_with(folder: Path, needle: bytes) -> list[str]:
    return [file.name for file in folder.rglob("*") if file.is_file() and needle in file.read_bytes()]


@pytest.fixture
def connect(centre: Any) -> Any:
    """A connection as an analyst; closed, it opens again."""
    analyst = centre.new_account(ANALYST)
    return lambda: analyst


@pytest.fixture
def months(centre: Any, measured: Any) -> list[str]:
    """The months that hold something of the household."""
    pseudonym = centre.pseudonyms.household(measured.uuid)
    names = centre.admin.database_names("research-")
    found = []
    for name in names:
        month = month_named(name.removeprefix("research-"))
        end = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
        if any(each.household == pseudonym for each in measurements(centre.admin, month, end)):
            found.append(name.removeprefix("research-"))
    assert found
    return found


@pytest.fixture
def kept(tmp_path: Path, connect: Any, months: list[str]) -> KeptMonths:
    """These months, kept."""
    kept = KeptMonths(tmp_path)
    for name in months:
        assert kept.build(connect, month_named(name)) is not None
    return kept


def rows_of(source: ResearchSource, months: list[str], pseudonym: str) -> Iterator[int]:
    for name in months:
        month = month_named(name)
        end = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
        for batch in source.measurements(month, end, frozenset({pseudonym}), None):
            yield batch.num_rows


def test_after_an_erasure_no_byte_of_the_household_is_left_in_the_kept_folder(
    centre: Any, measured: Any, anonymizing: Any, months: list[str], kept: KeptMonths
) -> None:
    pseudonym = centre.pseudonyms.household(measured.uuid)
    assert files_with(kept.folder, pseudonym.encode())  # found before, or the search proves nothing
    analyst = centre.new_account(ANALYST)
    source = ResearchSource(lambda: analyst, kept=kept)
    assert sum(rows_of(source, months, pseudonym)) > 0
    erase_household(measured.uuid, admin=centre.admin, anonymizing=anonymizing)
    assert sum(rows_of(source, months, pseudonym)) == 0  # before the keeper has looked
    Keeper(kept, lambda: analyst, Clock(), 3).look()
    assert files_with(kept.folder, pseudonym.encode()) == []
    assert files_with(kept.folder, pseudonym[:16].encode()) == []


def test_what_was_purged_goes_before_anybody_is_told_of_a_withdrawal(
    centre: Any, measured: Any, connect: Any, months: list[str], kept: KeptMonths
) -> None:
    pseudonym = centre.pseudonyms.household(measured.uuid)
    month = centre.admin.database(f"research-{months[0]}")
    doc = next(
        doc
        for doc in month.documents(start="measurement:", end="measurement;")
        if doc["household"] == pseudonym
    )
    month.purge({doc["_id"]: [doc["_rev"]]})
    Keeper(kept, connect, Clock(), 3).look()
    assert kept.state(months[0]) is None
    assert not (kept.folder / months[0]).exists()
