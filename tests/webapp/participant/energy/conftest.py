"""Meters with a story: what they count slot by slot, and what of it was stored."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import pytest

from couch.clock import SLOT
from couch.documents import Json, Measurement

Read = Callable[..., list[Json]]


@pytest.fixture
def told(sample: Any) -> Read:
    """`told(start, [0, 5, None, 12])`: measurement documents of a counter slot by slot; None: a gap."""

    def make(
        start: datetime, values: Iterable[int | None], obis: str = "0100010800ff", meter: str = ""
    ) -> list[Json]:
        return [
            sample.measurement(start + number * SLOT, sample.energy(value, obis), meter=meter)
            for number, value in enumerate(values)
            if value is not None
        ]

    return make


@pytest.fixture
def typed() -> Callable[[Iterable[Json]], list[Measurement]]:
    return lambda docs: [Measurement.from_json(doc) for doc in docs]


@pytest.fixture
def make_fake_database(fake_database: Any) -> Callable[[], Any]:
    """An empty database for each example."""
    return type(fake_database)
