"""Geometry of the chart of a power series. The template draws it as SVG; colours are the style sheet's.

Lengths are units of the SVG's view box. Floats are fine here: nothing is read back from a picture.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from couch.clock import SLOT
from webapp.participant.power_series import Point, PowerSeries, runs

WIDTH, HEIGHT = 480, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 24, 14, 30  # margins for the labels
_SPANS = tuple(timedelta(hours=hours) for hours in (1, 3, 6))
_MOST_TICKS = 6


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`lines`: the `points` attribute of a polyline for each run without a gap; `zero`: y of 0 W."""

    width: int
    height: int
    left: int
    right: float
    top: int
    bottom: float
    zero: float
    lines: tuple[str, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def draw(series: PowerSeries, zone: tzinfo) -> Chart | None:
    """The chart of a series, a step for each slot; None where there is nothing to draw."""
    points = series.points
    if not points:
        return None
    start, end = points[0].slot, points[-1].slot + SLOT
    steps = _y_steps(points)
    low, high = float(steps[0]), float(steps[-1])
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM

    def x(moment: datetime) -> float:
        return round(_LEFT + (moment - start) / (end - start) * (right - _LEFT), 1)

    def y(watts: float | Decimal) -> float:
        return round(bottom - (float(watts) - low) / (high - low) * (bottom - _TOP), 1)

    lines = []
    for run in runs(points):
        corners = [(x(moment), y(p.watts)) for p in run for moment in (p.slot, p.slot + SLOT)]
        lines.append(" ".join(f"{a:g},{b:g}" for a, b in corners))
    return Chart(
        WIDTH,
        HEIGHT,
        _LEFT,
        right,
        _TOP,
        bottom,
        y(0),
        tuple(lines),
        tuple(Tick(x(at), f"{at.astimezone(zone):%H:%M}") for at in _x_moments(start, end, zone)),
        tuple(Tick(y(step), f"{step:,f} W") for step in steps),
    )


def _y_steps(points: tuple[Point, ...]) -> list[Decimal]:
    """Round steps of power from below the lowest point (and 0) to above the highest (and 0)."""
    low = min(Decimal(0), *(point.watts for point in points))
    high = max(Decimal(0), *(point.watts for point in points))
    rough = max((high - low) / 4, Decimal(1))
    unit = Decimal(1).scaleb(rough.adjusted())
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    first, last = low // step, high // step
    # Decimal's // cuts towards zero, so the ends are moved outwards where they are not on a step.
    first -= 1 if first * step > low else 0
    last += 1 if last * step < high else 0
    last = max(last, first + 1)
    return [step.quantize(Decimal(1)) * number for number in range(int(first), int(last) + 1)]


def _x_moments(start: datetime, end: datetime, zone: tzinfo) -> list[datetime]:
    """Full local hours, as many as there is room for."""
    wide = end - start
    span = next((span for span in _SPANS if wide / span <= _MOST_TICKS), _SPANS[-1])
    if wide < timedelta(hours=2):
        return [start, end - SLOT] if wide > SLOT else [start]
    local = start.astimezone(zone)
    hours = int(span.total_seconds()) // 3600
    first = local.replace(hour=local.hour - local.hour % hours, minute=0)
    moments = (first + span * number for number in range(2 * _MOST_TICKS))
    return [moment for moment in moments if start <= moment <= end]
