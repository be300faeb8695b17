"""Power by slot and its picture: pure functions."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from couch.clock import SLOT
from couch.documents import Measurement, Reading
from webapp.participant.chart import draw
from webapp.participant.power_series import Point, PowerSeries, power_series, runs

START = datetime(2026, 6, 30, 0, 0, tzinfo=UTC)


def measured(sample: Any, number: int, *readings: Reading) -> Measurement:
    return Measurement.from_json(sample.measurement(START + number * SLOT, *readings))


def series(*watts: int | None) -> PowerSeries:
    points = (Point(START + n * SLOT, Decimal(w)) for n, w in enumerate(watts) if w is not None)
    return PowerSeries("sent", tuple(points))


def test_power_is_taken_as_sent_where_the_meter_sends_it(sample: Any) -> None:
    found = power_series([measured(sample, 0, sample.energy(1), sample.power(-250))])
    assert found == PowerSeries("sent", (Point(START, Decimal(-250)),))


def test_power_follows_from_the_counters_where_none_is_sent(sample: Any) -> None:
    fed = "0100020800ff"
    found = power_series(
        [
            measured(sample, 0, sample.energy(1000), sample.energy(500, fed)),
            measured(sample, 1, sample.energy(1100), sample.energy(525, fed)),
        ]
    )
    assert found == PowerSeries("computed", (Point(START, Decimal(300)),))


def test_no_power_is_computed_over_a_missing_slot(sample: Any) -> None:
    found = power_series([measured(sample, 0, sample.energy(1)), measured(sample, 2, sample.energy(2))])
    assert found.points == ()


def test_a_generation_meter_counts_upwards(sample: Any) -> None:
    found = power_series([measured(sample, 0, sample.power(-3000))], generation=True)
    assert found.points[0].watts == 3000


def test_the_line_breaks_where_a_slot_is_missing() -> None:
    assert [len(run) for run in runs(series(1, 2, None, 3, None, None, 4).points)] == [2, 1, 1]


def test_every_point_lies_inside_the_frame_and_zero_is_always_shown() -> None:
    for watts in ((100, 250, 80), (-1, -5000), (0,), (0, 0), (7, None, -7), (99_999, 1)):
        chart = draw(series(*watts), UTC)
        assert chart is not None
        assert any(tick.label == "0 W" for tick in chart.y_ticks)
        assert 2 <= len(chart.y_ticks) <= 7
        for line in chart.lines:
            for corner in line.split():
                x, y = map(float, corner.split(","))
                assert chart.left <= x <= chart.right
                assert chart.top <= y <= chart.bottom


def test_hours_below_the_chart_are_full_hours_of_the_readers_zone() -> None:
    chart = draw(series(*range(96)), UTC)
    assert chart is not None
    assert [tick.label for tick in chart.x_ticks] == ["00:00", "06:00", "12:00", "18:00", "00:00"]


def test_nothing_to_draw_is_no_chart() -> None:
    assert draw(series(), UTC) is None
    assert timedelta(0) < SLOT
