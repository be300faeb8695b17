"""What one meter told over a period: its counters at certain moments, and how much is stored.

Two makers: from every document of a short period (`of_documents`), and from what a view says of UTC days with
the few documents around the moments asked for (`webapp.participant.energy.long_periods`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from couch.documents import Measurement
from webapp.participant.energy.counting import Counted, Point, added, count
from webapp.participant.energy.registers import Direction, counters, direction, power, total_of

_SLOTS_AN_HOUR = 4


@dataclass(frozen=True, slots=True)
class Amount:
    """Stored slots; and where there are no counters the sums of their powers in W, drawn and fed in."""

    slots: int = 0
    drawn: Decimal = Decimal(0)
    fed: Decimal = Decimal(0)

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.slots + other.slots, self.drawn + other.drawn, self.fed + other.fed)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.slots - other.slots, self.drawn - other.drawn, self.fed - other.fed)


NOTHING = Amount()


@dataclass(frozen=True, slots=True)
class MeterHistory:
    """`points`: by the counter's code, in the order of time; `amount(start, end)`: of the slots between."""

    points: Mapping[str, Sequence[Point]]
    amount: Callable[[datetime, datetime], Amount]

    def counts(self, way: Direction) -> bool:
        """Whether the meter has a counter for this direction."""
        return any(direction(code) == way for code in self.points)

    def energy(self, way: Direction, start: datetime, end: datetime) -> Counted | None:
        """What flowed in this direction between two moments; None: not known."""
        if not self.points:
            return self._estimated(way, start, end)
        found = {
            code: counted
            for code, points in self.points.items()
            if direction(code) == way and (counted := count(_between(points, start, end))) is not None
        }
        totals = {code: counted for code, counted in found.items() if code == total_of(code)}
        return added((totals or found).values())

    def _estimated(self, way: Direction, start: datetime, end: datetime) -> Counted | None:
        amount = self.amount(start, end)
        if not amount.slots:
            return None
        watts = amount.drawn if way == "import" else amount.fed
        return Counted(watts / _SLOTS_AN_HOUR, start, end, estimated=True)


NO_HISTORY = MeterHistory({}, lambda _start, _end: NOTHING)


def of_documents(measurements: Sequence[Measurement]) -> MeterHistory:
    """The history that all measurements of a short period tell, oldest first."""
    amounts = [(one.slot, amount_of(one)) for one in measurements]

    def amount(start: datetime, end: datetime) -> Amount:
        return sum((each for slot, each in amounts if start <= slot < end), NOTHING)

    return MeterHistory(points_of(measurements), amount)


def amount_of(measurement: Measurement) -> Amount:
    """What one slot adds."""
    watts = None if counters(measurement.data) else power(measurement.data)
    if watts is None:
        return Amount(1)
    return Amount(1, max(watts, Decimal(0)), max(-watts, Decimal(0)))


def points_of(measurements: Iterable[Measurement]) -> dict[str, list[Point]]:
    """The counters' points by code. A reading counts for the moment at which its slot begins."""
    found: dict[str, list[Point]] = {}
    for one in measurements:
        for code, reading in counters(one.data).items():
            step = Decimal(1).scaleb(reading.scaler)
            found.setdefault(code, []).append(Point(one.slot, reading.quantity, step))
    return found


def _between(points: Sequence[Point], start: datetime, end: datetime) -> list[Point]:
    """Those that belong: a reading at either end does; a day's sample only where the day is not the next."""
    return [p for p in points if start <= p.at and (p.at < end if p.sampled else p.at <= end)]
