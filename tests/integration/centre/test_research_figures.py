"""What the views of a month count over households, on the real engines."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from couch.documents import ConsentState, Context, ContextMeter, Reading, ResearchMeasurement
from couch.documents.household import MeterType
from couch.month_versions import month_version
from couch.research import ensure_months, write_research
from couch.research_figures import (
    PowerCell,
    contexts,
    power_cells,
    slots_of_day,
    slots_of_households,
)
from webapp.researcher.month_figures import read_month

MONDAY = datetime(2031, 6, 30, 10, 0, tzinfo=UTC)  # noon in Germany
ONE, TWO, GRID, ROOF = "11" * 16, "22" * 16, "aa" * 16, "bb" * 16


def measured(household: str, meter: str, slot: datetime, watts: int) -> ResearchMeasurement:
    return ResearchMeasurement(
        household=household,
        meter=meter,
        slot=slot,
        measured_at=slot,
        time_source="synchronized",
        data=(Reading(obis="0100100700ff", value=watts, scaler=0, unit="W"),),
    )


@pytest.fixture(scope="module")
def month(centre: Any) -> Any:
    ensure_months(centre.admin, [MONDAY])
    day = timedelta(days=1)
    docs = [
        measured(ONE, GRID, MONDAY, -600),
        measured(ONE, GRID, MONDAY - 7 * day, 200),
        measured(ONE, GRID, MONDAY - day, 50),
        measured(ONE, ROOF, MONDAY, 900),
        measured(TWO, "cc" * 16, MONDAY, 100),
    ]
    written = write_research(centre.worker, docs)
    assert not written.refused
    return centre.worker


def test_power_by_quarter_apart_for_weekends_and_directions(month: Any) -> None:
    assert list(power_cells(month, MONDAY.date(), ONE)) == [
        PowerCell(ONE, GRID, False, 48, "in", 1, 200),
        PowerCell(ONE, GRID, False, 48, "out", 1, 600),
        PowerCell(ONE, GRID, True, 48, "in", 1, 50),
        PowerCell(ONE, ROOF, False, 48, "in", 1, 900),
    ]
    assert [cell.household for cell in power_cells(month, MONDAY.date())] == [ONE] * 4 + [TWO]


def test_slots_of_a_day_of_everybody(month: Any) -> None:
    assert dict(slots_of_day(month, MONDAY.date())) == {ONE: 2, TWO: 1}
    assert list(slots_of_day(month, date(2031, 6, 1))) == []
    assert list(slots_of_day(month, date(2032, 6, 1))) == []


def test_slots_of_households_side_by_side(month: Any) -> None:
    found = slots_of_households(month, date(2031, 6, 1), [ONE, "15" * 16])
    assert found == {
        ONE: {date(2031, 6, 23): 1, date(2031, 6, 29): 1, date(2031, 6, 30): 2},
        "15" * 16: {},
    }
    assert slots_of_households(month, date(2032, 6, 1), [ONE]) == {ONE: {}}


def test_the_version_of_a_month_tells_that_it_changed(month: Any, centre: Any) -> None:
    before = month_version(month, MONDAY)
    assert before is not None
    assert month_version(month, MONDAY) == before
    write_research(centre.worker, [measured(TWO, "cc" * 16, MONDAY + timedelta(minutes=15), 1)])
    assert month_version(month, MONDAY) not in {before, None}
    assert month_version(month, datetime(2032, 6, 1, tzinfo=UTC)) is None


def test_figures_of_a_month_follow_what_its_meters_are_said_to_be(month: Any, centre: Any) -> None:
    def say(kind: MeterType) -> None:
        meter = ContextMeter(meter=ROOF, meter_type=kind, model="MT175")
        said = Context(household=ONE, consent=ConsentState.GRANTED, meters=(meter,)).to_json()
        research.replace(said["_id"], lambda _: said)

    research = centre.worker.database("research")
    say("ELECTRICITY")
    first = read_month(month, MONDAY.date().replace(day=1), None)
    assert {quantity for quantity, _ in first.profiles} == {"drawn", "fed_in"}
    assert read_month(month, MONDAY.date().replace(day=1), first) is first
    say("PV_GENERATION")
    corrected = read_month(month, MONDAY.date().replace(day=1), first)
    assert {quantity for quantity, _ in corrected.profiles} == {"generated"}
    stored = research.get(f"context:{ONE}")
    research.delete(stored["_id"], stored["_rev"])


def test_contexts_are_read_and_broken_ones_passed_over(centre: Any) -> None:
    household = centre.household()
    household.consent("granted")
    centre.take(household)
    centre.worker.database("research").put({"_id": f"context:{ONE}", "type": "context"})
    assert [one.household for one in contexts(centre.worker)] == [centre.pseudonyms.household(household.uuid)]
