"""The charts of the measurements' pages. A picture may be drawn in floats: nothing is read back from it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from webapp.chart import TONES, Chart, Series
from webapp.participant.energy.balance import Balance
from webapp.participant.energy.counting import Counted
from webapp.participant.energy.figures import Figures
from webapp.participant.energy.words import part_name
from webapp.translation import gettext

_DRAWN_TONE, _FED_TONE, _GENERATED_TONE = 2, 3, 1


def power_chart(
    title: str, rows: Sequence[tuple[str, Sequence[Decimal | None]]], slots: Sequence[datetime]
) -> Chart:
    """Power in W over a day: a stepped line for each named row of values, one for each slot."""
    return Chart(
        title=title,
        unit="W",
        xs=tuple(int(slot.timestamp()) for slot in slots),
        series=tuple(
            Series(name, tuple(None if v is None else float(v) for v in values), "step", number % TONES + 1)
            for number, (name, values) in enumerate(rows)
        ),
    )


def energy_chart(title: str, found: Figures) -> Chart:
    """Energy in kWh of each day or month: a bar each for what is known of drawn, fed in and generated."""
    series = (
        _bars(gettext("Drawn from the grid"), _DRAWN_TONE, found, lambda one: one.drawn),
        _bars(gettext("Fed into the grid"), _FED_TONE, found, lambda one: one.fed),
        _bars(gettext("Generated"), _GENERATED_TONE, found, lambda one: one.generated),
    )
    return Chart(
        title=title,
        unit="kWh",
        labels=tuple(part_name(part.period, found.period) for part in found.parts),
        series=tuple(one for one in series if any(value is not None for value in one.values)),
        decimals=1,
    )


def _bars(label: str, tone: int, found: Figures, which: Callable[[Balance], Counted | None]) -> Series:
    energies = (which(part.balance) for part in found.parts)
    return Series(label, tuple(None if e is None else float(e.wh / 1000) for e in energies), "bars", tone)
