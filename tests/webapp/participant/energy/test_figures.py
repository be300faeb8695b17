"""Which meters a household has decides what its figures are."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from couch.clock import SLOT
from couch.documents import Gap, Meter
from webapp.participant.energy.figures import Figures
from webapp.participant.energy.periods import Span, period_of
from webapp.participant.energy.today import period_figures

START = datetime(2026, 6, 29, tzinfo=UTC)
NOW = START + timedelta(hours=6, minutes=3)
OTHER = "5f000000-0000-4000-8000-000000000003"
DRAWN, FED = "0100010800ff", "0100020800ff"


@pytest.fixture
def household(fake_database: Any, sample: Any) -> Any:
    """`household(grid={code: Wh a slot}, ...)`: a quarter of a day; `other` is an electricity meter, too."""

    def make(**meters: dict[str, int]) -> Figures:
        uuids = {"grid": sample.meter, "sun": sample.generation_meter, "other": OTHER}
        fake_database.put_once(sample.consent("granted", START))
        for name, rises in meters.items():
            kind = "PV_GENERATION" if name == "sun" else "ELECTRICITY"
            about = Meter(meter=uuids[name], meter_type=kind, model="MT175", device=sample.device)
            fake_database.put_once(about.to_json())
            for number in range(25):
                readings = [sample.energy(10_000 + number * wh, code) for code, wh in rises.items()]
                doc = sample.measurement(START + number * SLOT, *readings, meter=uuids[name])
                fake_database.put_once(doc)
        return period_figures(
            fake_database, period_of("day", date(2026, 6, 29)), UTC, NOW, device=sample.device
        )

    return make


def test_a_second_meter_that_counts_one_way_alone_is_added_to_what_is_drawn(household: Any) -> None:
    found = household(grid={DRAWN: 10, FED: 50}, sun={FED: 80}, other={DRAWN: 5}).balance
    assert (found.drawn.wh, found.fed.wh, found.own_use) == (24 * 15, 24 * 50, 24 * 30)


def test_a_household_whose_meter_does_not_count_feeding_is_told_so(household: Any) -> None:
    found = household(grid={DRAWN: 10}, sun={FED: 80}).balance
    assert (found.drawn.wh, found.fed, found.generated.wh, found.why) == (
        240,
        None,
        1920,
        "feeding_not_counted",
    )


def test_a_generation_meter_that_counts_one_way_alone_counts_what_is_made(household: Any) -> None:
    found = household(grid={DRAWN: 10, FED: 50}, sun={DRAWN: 80}).balance
    assert (found.generated.wh, found.own_use) == (24 * 80, 24 * 30)


def test_the_own_use_of_a_generation_meter_is_not_generated(household: Any) -> None:
    assert household(sun={DRAWN: 1, FED: 80}).balance.generated.wh == 24 * 80


@pytest.fixture
def joined(fake_database: Any, sample: Any) -> Any:
    """`joined(gap)`: a second meter is measured from the second day on; before, there may be a gap of it."""

    def make(gap: Gap | None = None, span: Span = "day") -> Figures:
        fake_database.put_once(sample.consent("granted", START - timedelta(hours=1)))
        for meter, first in ((sample.meter, 0), (OTHER, 96)):
            about = Meter(meter=meter, meter_type="ELECTRICITY", model="MT175", device=sample.device)
            fake_database.put_once(about.to_json())
            for number in range(first, 2 * 96 + 1):
                doc = sample.measurement(START + number * SLOT, sample.energy(number * 10), meter=meter)
                fake_database.put_once(doc)
        if gap is not None:
            fake_database.put_once(gap.to_json())
        period = period_of(span, date(2026, 6, 29))
        return period_figures(fake_database, period, UTC, START + timedelta(days=2), device=sample.device)

    return make


def test_a_meter_that_came_later_does_not_hide_what_the_others_counted_before(joined: Any) -> None:
    found = joined()
    assert found.balance.drawn.wh == 96 * 10
    assert (found.stored, found.due) == (96, 96)
    days = joined(span="week").parts[:2]
    assert [day.balance.drawn.wh for day in days] == [96 * 10, 2 * 96 * 10]
    assert [(day.stored, day.due) for day in days] == [(96, 96), (192, 192)]


def test_a_meter_that_was_missing_before_leaves_the_sum_unknown(joined: Any, sample: Any) -> None:
    gap = Gap(
        meter=OTHER,
        from_slot=START,
        to_slot=START + 95 * SLOT,
        cause="meter_silent",
        device=sample.device,
    )
    found = joined(gap)
    assert (found.balance.drawn, found.stored, found.due) == (None, 96, 192)
    assert joined(gap, "week").parts[0].balance.drawn is None


def test_meters_of_one_kind_are_told_apart_by_a_number(household: Any) -> None:
    found = household(grid={DRAWN: 10}, other={DRAWN: 5})
    assert [one.meter.number for one in found.meters] == [1, 2]
    assert found.balance.why == "no_generation_meter"
    assert (found.stored, found.due) == (50, 50)
