"""What a view of UTC days and a few documents tell is what all documents tell."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from couch.clock import SLOT
from couch.documents import Measurement
from webapp.participant.energy.history import Amount, of_documents
from webapp.participant.energy.long_periods import read_histories
from webapp.participant.energy.periods import midnight, period_of

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 27, 22, tzinfo=UTC)  # before a day on which the clocks change
LENGTH = 4 * 96
quiet = settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def stories(draw: st.DrawFn) -> list[int | None]:
    """Counters slot by slot: they rise, one is exchanged, and slots are missing.

    A leap or fall within what a day may bring is not seen in the samples of a day; these are beyond it.
    """
    rises = draw(st.lists(st.integers(0, 900), min_size=7, max_size=7))
    values: list[int | None] = [1_000_000]
    exchanged = draw(st.none() | st.integers(1, LENGTH - 1))
    new = draw(st.integers(0, 10_000) | st.just(10**9))
    for number in range(1, LENGTH):
        before = values[-1] or 0
        values.append(new if number == exchanged else before + rises[number % 7])
    for first in draw(st.lists(st.integers(0, LENGTH - 1), max_size=4)):
        for number in range(first, min(first + draw(st.sampled_from([1, 3, 30, 120])), LENGTH)):
            values[number] = None
    return values


@quiet
@given(stories(), st.sampled_from([BERLIN, UTC, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")]))
def test_energies_and_slots_are_those_that_all_documents_tell(
    told: Any, typed: Any, make_fake_database: Any, values: list[int | None], zone: ZoneInfo
) -> None:
    replica, docs = make_fake_database(), told(START, values)
    meter = docs[0]["meter"] if docs else ""
    replica.docs.update((doc["_id"], doc) for doc in docs)
    bounds = [midnight(date(2026, 3, day), zone) for day in (28, 29, 30, 31)]
    histories = read_histories(replica, [meter], bounds, START + LENGTH * SLOT)
    everything = typed(docs)
    for start, end in [*pairwise(bounds), (bounds[0], bounds[-1])]:
        exact = of_documents(within(everything, start, end))
        found = histories[meter]
        assert found.amount(start, end).slots == exact.amount(start, end).slots
        expected, counted = exact.energy("import", start, end), found.energy("import", start, end)
        if expected is None or counted is None:
            assert expected is counted
            continue
        assert (counted.wh, counted.broken) == (expected.wh, expected.broken)
        assert counted.covers(start, end) == expected.covers(start, end)


def within(everything: list[Measurement], start: datetime, end: datetime) -> list[Measurement]:
    return [one for one in everything if start <= one.slot <= end]


@pytest.fixture
def taken(fake_database: Any, monkeypatch: Any) -> list[str]:
    """The ids of the documents that are read from now on."""
    found: list[str] = []
    documents = fake_database.documents

    def counting(**wanted: Any) -> Any:
        for doc in documents(**wanted):
            found.append(doc["_id"])
            yield doc

    monkeypatch.setattr(fake_database, "documents", counting)
    return found


def test_a_year_is_read_from_few_documents(
    told: Any, sample: Any, fake_database: Any, taken: list[str]
) -> None:
    for month in range(1, 13):  # the days around the months' ends, all else is in no document that is read
        for doc in told(datetime(2026, month, 1, tzinfo=UTC) - timedelta(hours=3), range(0, 400, 5)):
            fake_database.docs[doc["_id"]] = {**doc, "_rev": "1-a"}
    bounds = [part.start(BERLIN) for part in period_of("year", date(2026, 6, 1)).parts]
    read_histories(fake_database, [sample.meter], bounds, datetime(2027, 1, 1, tzinfo=UTC))
    assert len(taken) < 12 * 110  # most of them days on which the counter of this test begins anew


def test_tariffs_are_added_up_where_there_is_no_total(told: Any, sample: Any, fake_database: Any) -> None:
    for number in range(200):
        readings = [sample.energy(number * 2, "0100010801ff"), sample.energy(number, "0100010802ff")]
        fake_database.put_once(sample.measurement(START + number * SLOT, *readings))
    start, end = START + timedelta(hours=1), START + timedelta(hours=25)
    history = read_histories(fake_database, [sample.meter], [start, end], end)[sample.meter]
    counted = history.energy("import", start, end)
    assert counted is not None
    assert counted.wh == 96 * 3
    assert history.energy("export", start, end) is None
    assert not history.counts("export")


def test_a_meter_that_sends_power_alone_is_estimated(told: Any, sample: Any, fake_database: Any) -> None:
    for number in range(200):
        watts = 400 if number % 2 else -100
        fake_database.put_once(sample.measurement(START + number * SLOT, sample.power(watts)))
    start, end = START + timedelta(hours=1), START + timedelta(hours=25)
    history = read_histories(fake_database, [sample.meter], [start, end], end)[sample.meter]
    assert history.amount(start, end) == Amount(96, Decimal(48 * 400), Decimal(48 * 100))
    drawn = history.energy("import", start, end)
    assert drawn is not None
    assert (drawn.wh, drawn.estimated) == (48 * 100, True)


@pytest.mark.parametrize("scaler", [-4, 3])
def test_energies_are_exact_whatever_the_meter_counts_in(
    sample: Any, fake_database: Any, scaler: int
) -> None:
    for number in range(97):
        reading = sample.energy(123_456_789_012 + number)
        reading = type(reading)(obis=reading.obis, value=reading.value, scaler=scaler, unit="Wh")
        fake_database.put_once(sample.measurement(START + number * SLOT, reading))
    end = START + 96 * SLOT
    counted = read_histories(fake_database, [sample.meter], [START, end], end)[sample.meter].energy(
        "import", START, end
    )
    assert counted is not None
    assert counted.wh == Decimal(96).scaleb(scaler)


EVENING = datetime(2026, 6, 1, 22, tzinfo=UTC)  # local midnight in summer
DAY = timedelta(days=1)


@pytest.fixture
def read(fake_database: Any, sample: Any, taken: list[str]) -> Any:
    """`read(docs, boundaries)`: the history of the meter, and the ids of the documents that it took."""

    def make(docs: list[Any], boundaries: list[datetime]) -> tuple[Any, list[str]]:
        fake_database.docs.update((doc["_id"], doc) for doc in docs)
        return read_histories(fake_database, [sample.meter], boundaries, boundaries[-1])[sample.meter], taken

    return make


@pytest.mark.parametrize("start", [EVENING, EVENING + timedelta(hours=2)])
@pytest.mark.parametrize("new", [0, 10**10])
def test_a_meter_exchanged_within_a_day_counts_on_both_sides(
    told: Any, read: Any, start: datetime, new: int
) -> None:
    """Also where the samples of a day show the fall beside a document a slot away."""
    values = [10**6 + n * 5 for n in range(48)] + [new + n * 7 for n in range(49)]
    history, _ = read(told(start, values), [start, start + DAY])
    counted = history.energy("import", start, start + DAY)
    assert (counted.wh, counted.broken) == (47 * 5 + 48 * 7, True)


@pytest.mark.parametrize("days", [1, 3])
def test_a_new_meter_that_soon_counts_more_than_the_old_one_did_is_seen_in_the_day_s_least_value(
    told: Any, read: Any, days: int
) -> None:
    """The day of the exchange, in the middle, has a boundary in it, or has none."""
    old, new = 48 * days, 48 * days + 1
    values = [1000 + n * 5 for n in range(old)] + [n * 100 for n in range(new)]
    end = EVENING + days * DAY
    history, _ = read(told(EVENING, values), [EVENING, end])
    counted = history.energy("import", EVENING, end)
    assert (counted.wh, counted.broken) == ((old - 1) * 5 + (new - 1) * 100, True)


def test_a_fall_between_neighbours_that_were_read_needs_no_whole_day(told: Any, read: Any) -> None:
    values = [10**6 + n for n in range(4)] + list(range(93))
    history, taken = read(told(EVENING, values), [EVENING, EVENING + DAY])
    counted = history.energy("import", EVENING, EVENING + DAY)
    assert (counted.wh, counted.broken) == (3 + 92, True)
    assert len(taken) == 8 + 1  # from the boundary to midnight UTC; of the next one only its own is stored


def test_the_least_value_of_a_day_is_not_of_its_beginning_where_measuring_began_later(
    told: Any, read: Any
) -> None:
    start, late = EVENING + timedelta(hours=2), timedelta(hours=10)
    history, _ = read(told(start + late, [n * 5 for n in range(57)]), [start, start + DAY])
    counted = history.energy("import", start, start + DAY)
    assert (counted.wh, counted.first) == (56 * 5, start + late)


def test_the_least_value_of_a_day_is_not_of_before_the_boundary_where_it_is_of_after_it(
    told: Any, read: Any
) -> None:
    values = [n * 5 if n < 8 or n >= 100 else None for n in range(193)]  # silent until an hour after
    history, _ = read(told(EVENING, values), [EVENING, EVENING + DAY, EVENING + 2 * DAY])
    counted = history.energy("import", EVENING, EVENING + DAY)
    assert (counted.wh, counted.last) == (7 * 5, EVENING + 7 * SLOT)
