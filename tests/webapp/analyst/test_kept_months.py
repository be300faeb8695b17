"""What is kept of a month is trusted only whole and of the very version of its database."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from couch.errors import Fault, Unreachable
from couch.month_versions import MonthVersion
from webapp.analyst import kept_months, month_keeping
from webapp.analyst.kept_months import KeptMonths
from webapp.analyst.kept_reading import kept_measurements

MONTH = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)
OLD = MonthVersion("1", "5", "0")


class Centre:
    """A month in memory: `version` is what its database says of itself, `pages` what it gives."""

    def __init__(self, pages: list[Any]) -> None:
        self.version: MonthVersion | None = OLD
        self.pages = pages
        self.erased: frozenset[str] = frozenset()
        self.while_read: Callable[[], None] = lambda: None

    def read(self, *_: Any, **__: Any) -> Iterator[Any]:
        for page in self.pages:
            yield page
            self.while_read()

    @contextmanager
    def connect(self) -> Iterator[Any]:
        yield self


@pytest.fixture
def centre(month: Any, monkeypatch: pytest.MonkeyPatch) -> Centre:
    held = month.stored
    found = Centre([held[at : at + 100] for at in range(0, len(held), 100)])
    for module in (kept_months, month_keeping):
        monkeypatch.setattr(module, "month_version", lambda *_: found.version)
    monkeypatch.setattr(kept_months, "measurement_pages", found.read)
    monkeypatch.setattr(kept_months, "gap_pages", lambda *_, **__: iter(()))
    monkeypatch.setattr(month_keeping, "erased_households", lambda _server: found.erased)
    return found


@pytest.fixture
def kept(tmp_path: Path) -> KeptMonths:
    return KeptMonths(tmp_path / "kept")


def files(kept: KeptMonths) -> list[str]:
    return sorted(file.name for file in kept.folder.glob("*/*"))


def test_a_month_is_kept_with_the_version_it_was_made_from(centre: Centre, kept: KeptMonths) -> None:
    state = kept.build(centre.connect, MONTH)
    assert state is not None
    assert (state.version, state.rows) == (OLD, 3 * 96 * 3 * 2)
    assert state.households == ("0" * 32, "0" * 31 + "1")
    found = kept.current(centre, MONTH, frozenset())  # type: ignore[arg-type]
    assert found is not None
    rows = sum(batch.num_rows for batch in kept_measurements(found.measurements, MONTH, END, None, None))
    assert rows == state.rows


def test_only_their_owner_reads_them(centre: Centre, kept: KeptMonths) -> None:
    kept.build(centre.connect, MONTH)
    assert kept.folder.stat().st_mode & 0o077 == 0
    assert {file.stat().st_mode & 0o777 for file in kept.folder.glob("*/*.parquet")} == {0o600}


@pytest.mark.parametrize(
    "now", [MonthVersion("1", "6", "0"), MonthVersion("1", "5", "1"), MonthVersion("2", "5", "0"), None]
)
def test_another_version_is_not_served(centre: Centre, kept: KeptMonths, now: MonthVersion | None) -> None:
    kept.build(centre.connect, MONTH)
    centre.version = now
    assert kept.current(centre, MONTH, frozenset()) is None  # type: ignore[arg-type]


def test_a_month_is_not_built_again_while_nothing_changed(centre: Centre, kept: KeptMonths) -> None:
    kept.build(centre.connect, MONTH)
    before = files(kept)
    centre.pages = []
    kept.build(centre.connect, MONTH)
    assert files(kept) == before


def test_a_month_that_changed_is_built_anew_and_the_old_files_go(centre: Centre, kept: KeptMonths) -> None:
    kept.build(centre.connect, MONTH)
    before = set(files(kept))
    centre.version = MonthVersion("1", "9", "0")
    state = kept.build(centre.connect, MONTH)
    assert state is not None
    assert state.version == centre.version
    assert set(files(kept)) & before == {"state.json"}


def test_a_month_that_is_written_to_while_it_is_read_is_not_kept(centre: Centre, kept: KeptMonths) -> None:
    centre.while_read = lambda: setattr(centre, "version", MonthVersion("1", "6", "0"))
    assert kept.build(centre.connect, MONTH) is None
    assert files(kept) == []


def test_an_erasure_while_a_month_is_built_deletes_what_stands_of_it(
    centre: Centre, kept: KeptMonths
) -> None:
    centre.while_read = lambda: kept.delete_households(["0" * 32]) and None
    assert kept.build(centre.connect, MONTH) is None
    assert files(kept) == []


def test_what_a_broken_build_leaves_counts_for_nothing_and_is_swept_away(
    centre: Centre, kept: KeptMonths
) -> None:
    kept.build(centre.connect, MONTH)
    good = files(kept)
    (kept.folder / "2026-01" / "measurements-0000.parquet").write_bytes(b"half")
    (kept.folder / "2025-12").mkdir()
    (kept.folder / "2025-12" / "measurements-1111.parquet").write_bytes(b"half")
    assert kept.state("2025-12") is None
    kept.sweep()
    assert files(kept) == good


def test_a_network_that_fails_leaves_nothing(centre: Centre, kept: KeptMonths) -> None:
    def fail() -> None:
        raise Unreachable("gone")

    centre.while_read = fail
    with pytest.raises(Unreachable):
        kept.build(centre.connect, MONTH)
    assert files(kept) == []


def test_files_that_are_not_what_the_state_says_are_not_trusted(centre: Centre, kept: KeptMonths) -> None:
    state = kept.build(centre.connect, MONTH)
    assert state is not None
    with (kept.folder / "2026-01" / state.measurements).open("ab") as file:
        file.write(b"more")
    assert kept.state("2026-01") is None


def test_a_damaged_page_is_noticed(centre: Centre, kept: KeptMonths) -> None:
    state = kept.build(centre.connect, MONTH)
    assert state is not None
    file = kept.folder / "2026-01" / state.measurements
    content = bytearray(file.read_bytes())
    content[200] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(Unreachable, match="2026-01 cannot be read"):
        list(kept_measurements(file, MONTH, END, None, None))


def test_a_month_that_another_process_builds_is_left_to_it(centre: Centre, kept: KeptMonths) -> None:
    kept.folder.mkdir()
    with (kept.folder / ".2026-01.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert kept.build(centre.connect, MONTH) is None


def test_a_folder_that_cannot_be_written_is_one_clear_line(centre: Centre, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Fault, match="kept_folder"):
        KeptMonths(tmp_path / "file").build(centre.connect, MONTH)


@pytest.mark.parametrize("why", ["withdrawn", "purged", "made anew"])
def test_what_an_erasure_touched_is_deleted_at_once(centre: Centre, kept: KeptMonths, why: str) -> None:
    kept.build(centre.connect, MONTH)
    if why == "withdrawn":
        centre.erased = frozenset({"0" * 32})
    else:
        centre.version = MonthVersion("1", "8", "3") if why == "purged" else MonthVersion("2", "5", "0")
    assert month_keeping.throw_away(kept, centre).deleted == ("2026-01",)  # type: ignore[arg-type]
    assert files(kept) == []


def test_a_withdrawn_household_is_not_served_even_where_nobody_deleted(
    centre: Centre, kept: KeptMonths
) -> None:
    kept.build(centre.connect, MONTH)
    assert kept.current(centre, MONTH, frozenset({"0" * 32})) is None  # type: ignore[arg-type]
    assert files(kept) == []


def test_late_readings_make_a_month_outdated_and_delete_nothing(centre: Centre, kept: KeptMonths) -> None:
    kept.build(centre.connect, MONTH)
    centre.version = MonthVersion("1", "6", "0")
    found = month_keeping.throw_away(kept, centre)  # type: ignore[arg-type]
    assert (found.deleted, found.outdated) == ((), ("2026-01",))


def test_months_are_finished_some_days_after_their_end() -> None:
    there = {datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3)} | {datetime(2025, 6, 1, tzinfo=UTC)}

    def finished(now: datetime) -> list[str]:
        found = month_keeping.finished_months(None, now, 3, there.__contains__)  # type: ignore[arg-type]
        return [f"{month:%Y-%m}" for month in found]

    assert finished(datetime(2026, 3, 4, 1, tzinfo=UTC)) == ["2026-02", "2026-01", "2025-06"]
    assert finished(datetime(2026, 3, 3, 23, tzinfo=UTC)) == ["2026-01", "2025-06"]
