"""The energy of local days and months as an engine's views and documents tell it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from couch.bootstrap import ensure_database, replica_security
from couch.client import Database, Server
from couch.clock import SLOT
from couch.documents import Author, Consent, Gap, Measurement, Meter, Reading, TimeProvenance
from webapp.participant.energy.day import read_day
from webapp.participant.energy.latest import read_latest
from webapp.participant.energy.periods import period_of
from webapp.participant.energy.today import period_figures, today

ZONE = ZoneInfo("Europe/Berlin")
DEVICE = "5f000000-0000-4000-8000-00000000aaaa"
GRID, SUN = "5f000000-0000-4000-8000-000000000001", "5f000000-0000-4000-8000-000000000002"
START = datetime(2026, 10, 23, 22, tzinfo=UTC)  # local midnight, the day before the one of 25 hours
NOW = START + timedelta(days=3, hours=13, minutes=7)
EXCHANGED_AT = START + timedelta(days=2, hours=11)
MISSING = (START + timedelta(days=1), START + timedelta(days=1, hours=2))  # from local midnight of the 25th
FED = "0100020800ff"


def measured(meter: str, slot: datetime, *counters: tuple[str, int]) -> Measurement:
    return Measurement(
        meter=meter,
        measured_at=slot + timedelta(seconds=2),
        slot=slot,
        device=DEVICE,
        data=tuple(Reading(obis=code, value=value, scaler=-1, unit="Wh") for code, value in counters),
        time=TimeProvenance(source="synchronized"),
    )


@pytest.fixture
def replica(couch_server: Server, fresh_name: Callable[..., str]) -> Database:
    """Three days and a half: 100 Wh drawn, 50 fed in and 150 generated in each slot."""
    database = ensure_database(couch_server, fresh_name("replica"), "replica", replica_security())
    database.delete("_design/rules", database.get("_design/rules")["_rev"])  # it wants a device's roles
    docs = [
        Meter(meter=GRID, meter_type="ELECTRICITY", model="MT175", device=DEVICE).to_json(),
        Meter(meter=SUN, meter_type="PV_GENERATION", model="DD3", device=DEVICE).to_json(),
        Consent(state="granted", at=START, by=Author(role="participant", device=DEVICE)).to_json(),
        Gap(
            meter=GRID, from_slot=MISSING[0], to_slot=MISSING[1] - SLOT, cause="locked", device=DEVICE
        ).to_json(),
    ]
    slot, number = START, 0
    while slot <= NOW:
        base = 0 if slot < EXCHANGED_AT else -5_000_000  # another meter hangs there from then on
        if not MISSING[0] <= slot < MISSING[1]:
            drawn, fed = 10_000_000 + base + number * 1000, 8_000_000 + base + number * 500
            docs.append(measured(GRID, slot, ("0100010800ff", drawn), (FED, fed)).to_json())
        docs.append(measured(SUN, slot, (FED, 123_456_789_012 + number * 1500)).to_json())
        slot, number = slot + SLOT, number + 1
    assert all(result.error is None for result in database.bulk(docs))
    return database


def test_a_month_of_local_days_of_24_and_25_hours_with_a_gap_and_an_exchanged_meter(
    replica: Database,
) -> None:
    found = period_figures(replica, period_of("month", date(2026, 10, 1)), ZONE, NOW, device=DEVICE)
    parts = {part.period.name: part for part in found.parts if part.stored}
    assert list(parts) == ["2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27"]
    whole, long, broken, present = (part.balance for part in parts.values())
    assert whole.drawn is not None
    assert whole.drawn.wh == 95 * 100  # up to the last measurement before midnight
    assert whole.own_use == 96 * 150 - 95 * 50
    assert long.generated is not None
    assert long.generated.wh == 100 * 150
    assert parts["2026-10-25"].due == 200
    assert long.drawn is not None
    assert long.drawn.wh == (100 - 8) * 100  # from the nearest measurement after midnight on
    assert (long.own_use, long.why) == (None, "apart")
    assert broken.drawn is not None
    assert (broken.drawn.wh, broken.drawn.broken) == (95 * 100, True)
    assert present.drawn is not None
    assert present.drawn.last == NOW.replace(minute=0)
    grid, sun = found.meters
    assert grid.completeness.causes == (("locked", 8),)
    assert (sun.completeness.missing, sun.completeness.unexplained) == (0, 0)


def test_the_page_of_a_day_and_the_longer_ones_agree(replica: Database) -> None:
    for day in (24, 25, 26, 27):
        period = period_of("day", date(2026, 10, day))
        by_documents = read_day(replica, period, ZONE, NOW, DEVICE).figures
        by_view = period_figures(replica, period, ZONE, NOW, device=DEVICE)
        assert by_documents.balance == by_view.balance
        assert by_documents.meters == by_view.meters


def test_today_and_now(replica: Database) -> None:
    so_far = today(replica, ZONE, NOW, DEVICE)
    assert so_far.period.name == "2026-10-27"
    assert so_far.balance.own_use == so_far.stored // 2 * 100 - 100
    grid, _sun = read_latest(replica, [one.meter for one in so_far.meters])
    assert grid.measurement is not None
    assert grid.measurement.slot == NOW.replace(minute=0)
