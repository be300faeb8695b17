"""The heat map of completeness: households in the order of their pseudonyms, by UTC day of a month."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from couch.documents import HouseholdSummary
from webapp.researcher.completeness import due
from webapp.researcher.month_choice import month_range

PAGE = 40


@dataclass(frozen=True, slots=True)
class HeatPage:
    """Households of a page; `before`, `after`: pseudonyms that the neighbouring pages lie beside, or None."""

    households: tuple[HouseholdSummary, ...]
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A cell of a heat map: its class in the style sheet, and the percent as text; "" where none was due."""

    kind: str
    percent: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A household's share of stored slots by day."""

    household: HouseholdSummary
    cells: tuple[HeatCell, ...]


_CELLS = tuple(HeatCell(f"heat-{percent // 10}", str(percent)) for percent in range(101))
_NONE_DUE = HeatCell("heat-none", "")


def heat_cell(share: float | None) -> HeatCell:
    """The cell of a share from 0 to 1; 100 only where nothing is missing."""
    return _NONE_DUE if share is None else _CELLS[int(share * 100)]


def takes_part(households: Iterable[HouseholdSummary], month: date) -> list[HouseholdSummary]:
    """Those of which measurements of the month may be there, by pseudonym."""
    start, end = month_range(month)
    return sorted(
        (
            one
            for one in households
            if one.granted_at is not None
            and one.granted_at < end
            and (one.revoked_at is None or one.revoked_at > start)
        ),
        key=lambda one: one.pseudonym,
    )


def heat_page(found: Sequence[HouseholdSummary], *, after: str | None, before: str | None) -> HeatPage:
    """The page beside a pseudonym, or the first."""
    names = [one.pseudonym for one in found]
    start = 0
    if after is not None:
        start = bisect_right(names, after)
    elif before is not None:
        start = max(bisect_left(names, before) - PAGE, 0)
    shown = tuple(found[start : start + PAGE])
    return HeatPage(
        shown,
        shown[0].pseudonym if shown and start > 0 else None,
        shown[-1].pseudonym if start + PAGE < len(found) else None,
    )


def heat_rows(
    households: Iterable[HouseholdSummary],
    stored: Mapping[str, Mapping[date, int]],
    days: Sequence[date],
    now: datetime,
) -> tuple[HeatRow, ...]:
    """The rows of a page; of a day that goes on, what was due until `now`."""
    spans = []
    for day in days:
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        spans.append((day, start, min(start + timedelta(days=1), now)))
    return tuple(
        HeatRow(
            one,
            tuple(
                heat_cell(_share(stored.get(one.pseudonym, {}).get(day, 0), due(one, start, end)))
                for day, start, end in spans
            ),
        )
        for one in households
    )


def _share(stored: int, wanted: int) -> float | None:
    return min(stored / wanted, 1.0) if wanted else None
