"""The charts of the measurements' pages. A picture may be drawn in floats: nothing is read back from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from webapp.chart import TONES, Chart, Series
from webapp.participant.energy.balance import Balance
from webapp.participant.energy.counting import Counted
from webapp.participant.energy.figures import Figures
from webapp.participant.energy.words import part_name
from webapp.translation import gettext

_DRAWN_TONE, _FED_TONE, _GENERATED_TONE, _OTHER_TONES = 2, 3, 1, (4, 5, 6)


@dataclass(frozen=True, slots=True)
class PowerRow:
    """A meter's line."""

    name: str
    generates: bool
    watts: Sequence[Decimal | None]


def power_chart(title: str, rows: Sequence[PowerRow], slots: Sequence[datetime]) -> Chart:
    """Power in W over a day: a stepped line for each row, with a value for each slot."""
    # The usual two meters have the colours that drawn and generated have in the bars.
    generation = iter((_GENERATED_TONE, *_OTHER_TONES))
    electricity = iter((_DRAWN_TONE, *reversed(_OTHER_TONES)))
    return Chart(
        title=title,
        unit="W",
        xs=tuple(int(slot.timestamp()) for slot in slots),
        series=tuple(
            Series(
                row.name,
                tuple(None if watts is None else float(watts) for watts in row.watts),
                "step",
                next(generation if row.generates else electricity, TONES),
            )
            for row in rows
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
