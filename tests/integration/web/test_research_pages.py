"""The months of research read page by page, several at a time, beside others who write."""

import random
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from couch.client import Server
from couch.clock import SLOT
from couch.documents import Reading, ResearchGap, ResearchMeasurement
from couch.errors import BadDocument, Unreachable
from couch.names import month_database
from couch.research import ensure_months, write_research
from couch.research_pages import gap_pages, measurement_pages
from couch.settings import Endpoint

SLOTS, METERS, PAGE = 40, 3, 7


@dataclass
class Months:
    """Two months that follow each other; the readings lie around the border of both."""

    server: Server
    first: datetime
    border: datetime
    end: datetime
    docs: list[ResearchMeasurement]

    @property
    def ids(self) -> list[str]:
        return sorted(doc.id for doc in self.docs)


@pytest.fixture
def months(couch_server: Server) -> Iterator[Months]:
    border = datetime(random.randrange(5000, 9000), random.randrange(2, 12), 1, tzinfo=UTC)
    first = (border - timedelta(days=1)).replace(day=1)
    household = uuid.uuid4().hex
    meters = [uuid.uuid4().hex for _ in range(METERS)]
    docs = [
        ResearchMeasurement(
            household=household,
            meter=meter,
            slot=border + (number - SLOTS // 2) * SLOT,
            measured_at=border + (number - SLOTS // 2) * SLOT + timedelta(seconds=3),
            time_source="synchronized",
            data=(Reading(obis="0100010800ff", value=number, scaler=-1, unit="Wh"),),
        )
        for number in range(SLOTS)
        for meter in meters
    ]
    ensure_months(couch_server, [first, border])
    assert write_research(couch_server, docs).refused == ()
    yield Months(couch_server, first, border, border + timedelta(days=20), docs)
    for month in (first, border):
        couch_server.delete_database(month_database(month))


@pytest.fixture
def connect(couch_admin: Endpoint) -> Any:
    return lambda: couch_admin.server(timeout_s=30)


def read(months: Months, connect: Any, **more: Any) -> list[str]:
    pages = measurement_pages(connect, months.first, months.end, page=PAGE, **more)
    return [doc.id for page in pages for doc in page]


@pytest.mark.parametrize("page", [1, 7, 60, 61, 1000])
def test_each_reading_comes_once_in_the_order_of_ids_over_the_border_of_months(
    months: Months, connect: Any, page: int
) -> None:
    pages = list(measurement_pages(connect, months.first, months.end, page=page))
    assert [doc.id for one in pages for doc in one] == months.ids
    assert all(0 < len(one) <= page for one in pages)


def test_reading_goes_on_after_an_id(months: Months, connect: Any) -> None:
    for place in (0, PAGE - 1, PAGE, SLOTS * METERS // 2, SLOTS * METERS - 1):
        assert read(months, connect, after=months.ids[place]) == months.ids[place + 1 :]


def test_a_range_holds_its_first_slot_and_not_its_last(months: Months, connect: Any) -> None:
    start, end = months.border - 3 * SLOT, months.border + 2 * SLOT
    found = [doc.id for page in measurement_pages(connect, start, end, page=PAGE) for doc in page]
    assert found == sorted(doc.id for doc in months.docs if start <= doc.slot < end)


def test_what_comes_and_goes_meanwhile_takes_nothing_else_away_and_doubles_nothing(
    months: Months, connect: Any
) -> None:
    gone = [doc for doc in months.docs if doc.slot >= months.border][::5]
    database = months.server.database(month_database(months.border))
    found: list[str] = []
    for number, page in enumerate(measurement_pages(connect, months.first, months.end, page=PAGE)):
        found += [doc.id for doc in page]
        if number < len(gone):
            doc = database.get(gone[number].id)
            database.delete(doc["_id"], doc["_rev"])
    assert found == sorted(set(found))
    assert set(found) >= set(months.ids) - {doc.id for doc in gone}


def test_gaps_are_read_apart_from_measurements(months: Months, connect: Any) -> None:
    doc = months.docs[0]
    gap = ResearchGap(
        household=doc.household, meter=doc.meter, from_slot=doc.slot, to_slot=doc.slot, cause="meter_silent"
    )
    write_research(months.server, [gap])
    (page,) = gap_pages(connect, months.first, months.end, page=PAGE)
    assert [(one.meter, one.cause) for one in page] == [(doc.meter, "meter_silent")]
    assert read(months, connect) == months.ids


def test_months_that_are_not_there_or_empty_have_no_pages(months: Months, connect: Any) -> None:
    far = months.end.replace(year=9997)
    assert list(measurement_pages(connect, far, far + timedelta(days=70))) == []
    later = months.border + timedelta(days=10)
    assert list(measurement_pages(connect, later, months.end)) == []


def test_a_document_that_is_no_reading_is_named(months: Months, connect: Any) -> None:
    database = months.server.database(month_database(months.border))
    broken = months.ids[-1] + "x"
    database.put({"_id": broken, "type": "measurement", "household": 5})
    with pytest.raises(BadDocument, match="measurement:"):
        read(months, connect)


def test_an_engine_that_is_not_there_is_unreachable() -> None:
    nobody = Server("http://127.0.0.1:9", timeout_s=0.2)
    with pytest.raises(Unreachable):
        list(
            measurement_pages(
                lambda: nobody, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
            )
        )


def test_whoever_stops_early_leaves_no_thread_behind(months: Months, connect: Any) -> None:
    before = set(threading.enumerate())
    pages = measurement_pages(connect, months.first, months.end, page=1)
    next(pages)
    started = set(threading.enumerate()) - before
    assert len(started) >= 2
    pages.close()  # type: ignore[attr-defined]
    for thread in started:
        thread.join(20)
    assert not any(thread.is_alive() for thread in started)
