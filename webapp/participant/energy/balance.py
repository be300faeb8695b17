"""Drawn, fed in, generated, and what follows: own use and self-sufficiency, or why they cannot be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from couch.clock import SLOT
from webapp.participant.energy.counting import Counted, added

Why = Literal[
    "no_electricity_meter",
    "no_generation_meter",
    "read_elsewhere",
    "feeding_not_counted",
    "not_measured",
    "apart",
    "contradiction",
]
_TOGETHER = SLOT  # that far apart readings of two meters may begin and end: one may have missed the last


@dataclass(frozen=True, slots=True)
class Balance:
    """Energies of a period in Wh; None: not known. `why` says what own use could not be told for."""

    drawn: Counted | None
    fed: Counted | None
    generated: Counted | None
    own_use: Decimal | None = None
    why: Why | None = None

    @property
    def used(self) -> Decimal | None:
        """What the household used altogether."""
        return None if self.own_use is None or self.drawn is None else self.own_use + self.drawn.wh

    @property
    def self_sufficiency(self) -> Decimal | None:
        """The share of what was used that did not come from the grid, 0 to 1."""
        return self.own_use / self.used if self.own_use is not None and self.used else None

    @property
    def empty(self) -> bool:
        return self.drawn is None and self.fed is None and self.generated is None

    @property
    def broken(self) -> bool:
        return any(one is not None and one.broken for one in (self.drawn, self.fed, self.generated))

    @property
    def estimated(self) -> bool:
        return any(one is not None and one.estimated for one in (self.drawn, self.fed, self.generated))


@dataclass(frozen=True, slots=True)
class Setting:
    """Which meters a household has: `electricity` and `generation` count those that are read here."""

    electricity: int
    generation: int
    elsewhere: int = 0
    counts_feeding: bool = True  # an electricity meter counts what is fed in


def balance(
    setting: Setting,
    drawn: Sequence[Counted | None],
    fed: Sequence[Counted | None],
    generated: Sequence[Counted | None],
) -> Balance:
    """The balance of one period from what each meter that is read here counted."""
    found = Balance(added(drawn), added(fed), added(generated))
    why = _hindered(setting, found)
    if why is not None:
        return _with(found, None, why)
    made, out, into = _known(found)
    own_use = made.wh - out.wh
    if own_use < 0:
        # A counter that counts in whole kWh may stand a step behind the other.
        if -own_use > made.step + out.step:
            return _with(found, None, "contradiction")
        own_use = Decimal(0)
    firsts, lasts = [x.first for x in (made, out, into)], [x.last for x in (made, out, into)]
    if max(firsts) - min(firsts) > _TOGETHER or max(lasts) - min(lasts) > _TOGETHER:
        return _with(found, None, "apart")
    return _with(found, own_use, None)


def _hindered(setting: Setting, found: Balance) -> Why | None:
    if setting.elsewhere:
        return "read_elsewhere"
    if not setting.electricity:
        return "no_electricity_meter"
    if not setting.generation:
        return "no_generation_meter"
    if not setting.counts_feeding:
        return "feeding_not_counted"
    return "not_measured" if None in (found.drawn, found.fed, found.generated) else None


def _known(found: Balance) -> tuple[Counted, Counted, Counted]:
    assert found.generated is not None and found.fed is not None and found.drawn is not None  # noqa: PT018, S101
    return found.generated, found.fed, found.drawn


def _with(found: Balance, own_use: Decimal | None, why: Why | None) -> Balance:
    return Balance(found.drawn, found.fed, found.generated, own_use, why)
