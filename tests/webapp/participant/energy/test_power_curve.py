"""Power slot by slot: as it was sent, else from the counters, and nothing over a gap."""

from datetime import UTC, datetime
from typing import Any

from couch.clock import SLOT
from couch.documents import Measurement, Reading
from webapp.participant.energy.power_curve import power_curve

START = datetime(2026, 6, 30, tzinfo=UTC)
SLOTS = [START + number * SLOT for number in range(4)]
FED = "0100020800ff"


def measured(sample: Any, number: int, *readings: Reading) -> Measurement:
    return Measurement.from_json(sample.measurement(START + number * SLOT, *readings))


def test_power_is_taken_as_sent_and_a_missing_slot_is_a_gap(sample: Any) -> None:
    stored = [measured(sample, 0, sample.energy(1), sample.power(-250)), measured(sample, 2, sample.power(7))]
    curve = power_curve(stored, SLOTS)
    assert (curve.kind, curve.watts) == ("sent", (-250, None, 7, None))


def test_power_follows_from_the_counters_where_none_is_sent(sample: Any) -> None:
    stored = [
        measured(sample, n, sample.energy(1000 + n * 100), sample.energy(500 + n * 25, FED)) for n in range(5)
    ]
    curve = power_curve([*stored[:2], *stored[3:]], SLOTS)
    assert (curve.kind, curve.watts) == ("computed", (300, None, None, 300))


def test_tariffs_are_added_up_and_count_once_where_their_total_is_sent(sample: Any) -> None:
    def readings(number: int, *, total: bool) -> list[Reading]:
        tariffs = [
            sample.energy(100 + number * 10, "0100010801ff"),
            sample.energy(7 + number * 5, "0100010802ff"),
        ]
        return [*tariffs, sample.energy(107 + number * 15)] if total else tariffs

    for total in (False, True):
        stored = [measured(sample, n, *readings(n, total=total)) for n in range(2)]
        assert power_curve(stored, SLOTS).watts[0] == 60
    begins = [measured(sample, n, *readings(n, total=n > 0)) for n in range(3)]
    assert power_curve(begins, SLOTS).watts == (None, 60, None, None)


def test_a_counter_that_fell_gives_no_power(sample: Any) -> None:
    stored = [measured(sample, n, sample.energy(value)) for n, value in enumerate([100, 150, 3, 4])]
    assert power_curve(stored, SLOTS).watts == (200, None, 4, None)


def test_a_generation_meter_counts_upwards_whichever_way_it_counts(sample: Any) -> None:
    stored = [measured(sample, 0, sample.power(-3000))]
    assert power_curve(stored, SLOTS, "export").watts[0] == 3000
    assert power_curve([measured(sample, 0, sample.power(3000))], SLOTS, "import").watts[0] == 3000


def test_power_without_a_sign_is_the_last_resort(sample: Any) -> None:
    unsigned = Reading(obis="01000f0700ff", value=80, scaler=0, unit="W")
    stored = [measured(sample, n, unsigned, sample.energy(100 + n * 50, FED)) for n in range(2)]
    assert power_curve(stored, SLOTS).watts[0] == -200
    assert power_curve(stored[:1], SLOTS).watts[0] == 80


def test_nothing_told_is_an_empty_curve() -> None:
    assert power_curve([], SLOTS).empty
