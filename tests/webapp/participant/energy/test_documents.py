"""The measurements nearest to a moment."""

from datetime import UTC, datetime
from typing import Any

from couch.clock import SLOT
from webapp.participant.energy.documents import first_from, last_before

START = datetime(2026, 6, 1, tzinfo=UTC)


def test_the_nearest_lie_within_the_stretch_whose_end_does_not_belong_to_it(
    told: Any, sample: Any, fake_database: Any
) -> None:
    docs = told(START - SLOT, [1, None, 3, 4, 5, 6])  # before the stretch, then from its second slot on
    fake_database.docs.update((doc["_id"], doc) for doc in docs)
    end = START + 4 * SLOT
    last, first = (find(fake_database, sample.meter, START, end) for find in (last_before, first_from))
    assert last is not None
    assert first is not None
    assert (first.slot, last.slot) == (START + SLOT, end - SLOT)
    for find in (last_before, first_from):
        assert find(fake_database, sample.meter, START, START + SLOT) is None
        assert find(fake_database, sample.generation_meter, START, end) is None
