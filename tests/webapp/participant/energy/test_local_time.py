"""Figures follow the household's clocks: days of 23 and 25 hours, months and years that end before UTC's."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from couch.clock import SLOT
from webapp.participant.energy.day import read_day
from webapp.participant.energy.periods import period_of
from webapp.participant.energy.today import period_figures

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def stored(told: Any, sample: Any, fake_database: Any) -> Any:
    """`stored(start, slots)`: a meter that counts 5 Wh a slot from a moment on, under a grant of long ago."""

    def make(start: datetime, slots: int) -> Any:
        docs = [*told(start, [10**6 + n * 5 for n in range(slots)]), *sample.meters()]
        docs.append(sample.consent("granted", start - timedelta(days=400)))
        fake_database.docs.update((doc["_id"], doc) for doc in docs)
        return fake_database

    return make


@pytest.mark.parametrize(
    ("day", "slots"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 6, 1), 96)]
)
def test_a_day_has_as_many_slots_and_as_much_energy_as_its_clocks_say(
    stored: Any, sample: Any, day: date, slots: int
) -> None:
    period = period_of("day", day)
    start, end = period.start(BERLIN), period.end(BERLIN)
    replica = stored(start - 8 * SLOT, 8 + slots + 8)
    now = end + timedelta(hours=3)
    shown = read_day(replica, period, BERLIN, now, sample.device)
    for found in (shown.figures, period_figures(replica, period, BERLIN, now, device=sample.device)):
        assert (found.stored, found.due) == (slots, slots)
        assert found.balance.drawn is not None
        assert found.balance.drawn.wh == slots * 5
        assert found.balance.drawn.covers(start, end)
    ((_, curve),) = shown.curves
    assert curve.watts == (Decimal(20),) * slots


@pytest.mark.parametrize("month", [date(2026, 3, 1), date(2026, 10, 1)])
def test_the_days_of_a_month_in_which_the_clocks_change_add_up_to_it(
    stored: Any, sample: Any, month: date
) -> None:
    period = period_of("month", month)
    start, end = period.start(BERLIN), period.end(BERLIN)
    slots = (end - start) // SLOT
    replica = stored(start - 8 * SLOT, 8 + slots + 8)
    found = period_figures(replica, period, BERLIN, end + timedelta(hours=3), device=sample.device)
    days = [part.balance.drawn for part in found.parts]
    assert found.balance.drawn is not None
    assert found.balance.drawn.wh == slots * 5 == sum(one.wh for one in days if one is not None)
    assert (found.stored, found.due) == (slots, slots)
    assert [part.stored for part in found.parts] == [part.due for part in found.parts]
    assert sum(part.stored for part in found.parts) == slots


@pytest.mark.parametrize("span", ["month", "year"])
def test_a_year_ends_at_local_midnight(stored: Any, sample: Any, span: Any) -> None:
    midnight = datetime(2026, 12, 31, 23, tzinfo=UTC)
    replica = stored(midnight - 20 * SLOT, 40)
    old, new = (
        period_figures(
            replica, period_of(span, day), BERLIN, midnight + timedelta(hours=5), device=sample.device
        )
        for day in (date(2026, 12, 31), date(2027, 1, 1))
    )
    assert (old.end, old.stored, new.start, new.stored) == (midnight, 20, midnight, 20)
    assert old.balance.drawn is not None
    assert new.balance.drawn is not None
    assert (old.balance.drawn.wh, new.balance.drawn.wh) == (20 * 5, 19 * 5)
    last, first = old.parts[-1], new.parts[0]
    assert (last.stored, first.stored) == (20, 20)
