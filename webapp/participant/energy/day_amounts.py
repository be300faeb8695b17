"""The rows of the view `page/amounts_by_day_meter`, typed: what each meter told on each UTC day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from couch.client import Database, ViewRow
from webapp.participant.energy.counting import Point
from webapp.participant.energy.history import NOTHING, Amount

_DESIGN, _VIEW = "page", "amounts_by_day_meter"
_SLOT, _DRAWN, _FED = "slot", "+", "-"
_NEARLY_A_DAY = timedelta(days=1, microseconds=-1)


@dataclass(frozen=True, slots=True)
class DayRow:
    """One row. `code`: the counter's, whose `least` and `greatest` are in Wh; None: `amount` counts."""

    day: date
    meter: str
    code: str | None
    amount: Amount = NOTHING
    least: Decimal = Decimal(0)
    greatest: Decimal = Decimal(0)
    step: Decimal = Decimal(0)

    def points(self) -> tuple[Point, Point]:
        """The day's beginning with the least, its end with the greatest value of the counter."""
        start = datetime.combine(self.day, time.min, UTC)
        return (
            Point(start, self.least, self.step, sampled=True),
            Point(start + _NEARLY_A_DAY, self.greatest, self.step, sampled=True),
        )


def read_days(replica: Database, first: date, after: date) -> Iterator[DayRow]:
    """Rows of all meters from `first` up to but without `after`, UTC days."""
    if first >= after:
        return iter(())
    last = after - timedelta(days=1)
    bounds = {"start_key": [first.isoformat()], "end_key": [last.isoformat(), {}]}
    return _typed(replica.view(_DESIGN, _VIEW, group=True, **bounds))


def _typed(rows: Iterable[ViewRow]) -> Iterator[DayRow]:
    for row in rows:
        day, meter, what, scaler = row.key
        here = date.fromisoformat(day)
        if what == _SLOT:
            yield DayRow(here, meter, None, Amount(row.value["count"]))
        elif what in (_DRAWN, _FED):
            watts = _exact(row.value["sum"], scaler)
            drawn, fed = (watts, Decimal(0)) if what == _DRAWN else (Decimal(0), watts)
            yield DayRow(here, meter, None, Amount(0, drawn, fed))
        else:
            least, greatest = (_exact(row.value[end], scaler) for end in ("min", "max"))
            yield DayRow(here, meter, what, NOTHING, least, greatest, Decimal(1).scaleb(scaler))


def _exact(value: float, scaler: int) -> Decimal:
    """Whole numbers pass through both engines unchanged up to 2^53; one may write them as `1.0e10`."""
    return Decimal(str(value)).scaleb(scaler)
