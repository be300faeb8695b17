"""Which meters are known, and when they were measured."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from couch.clock import SLOT
from couch.documents import Meter
from webapp.participant.energy.meters import KnownMeter, read_known_meters

START = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("first", "last", "may"),
    [
        (START, START, True),
        (START - DAY, START, True),
        (START - DAY, START - SLOT, False),
        (START + DAY - SLOT, START + 2 * DAY, True),
        (START + DAY, START + 2 * DAY, False),
        (None, None, False),
    ],
)
def test_a_meter_was_measured_in_a_stretch_that_its_slots_reach_into(
    first: datetime | None, last: datetime | None, may: bool
) -> None:
    known = KnownMeter("m", Meter(meter="m", meter_type="ELECTRICITY", model="MT175"), first=first, last=last)
    assert known.measured_in(START, START + DAY) is may


def test_meters_that_are_not_registered_have_numbers_where_there_are_several(
    fake_database: Any, sample: Any
) -> None:
    fake_database.put_once(sample.measurement(START, sample.energy(1)))
    (alone,) = read_known_meters(fake_database)
    assert (alone.meter, alone.about, alone.number) == (sample.meter, None, 0)
    fake_database.put_once(sample.measurement(START, sample.energy(1), meter=sample.generation_meter))
    assert [(one.meter, one.number) for one in read_known_meters(fake_database)] == [
        (sample.meter, 1),
        (sample.generation_meter, 2),
    ]
