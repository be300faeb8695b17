"""Doubts about a reading beside the one before it (design section 12): kept as sent, and marked.

Only what is nearly impossible is marked, so that a mark is worth a look.
"""

from collections.abc import Iterable
from decimal import Decimal

from couch.documents import Reading
from edge.obis_codes import EXPORT_ENERGY, IMPORT_ENERGY, POWER, is_energy

COUNTER_FELL = "counter_fell"
COUNTER_JUMPED = "counter_jumped"  # a single wrong bit of a counter is one of the two
POWER_SIGN = "power_sign"
_LARGEST_CONNECTION_W = 250_000
_SURELY_SEEN_S = 10  # a power that moves a counter visibly within this time shows in it after a minute
_SHORTEST_S = 60
_S_AN_HOUR = 3600


def doubts(before: Iterable[Reading], now: Iterable[Reading], elapsed_s: float) -> tuple[str, ...]:
    """Names of doubts about `now`, `elapsed_s` seconds of survey time after `before`.

    A time that ran backwards says nothing about jumps and signs, only about counters that fell.
    """
    earlier = {reading.obis: reading for reading in before}
    later = {reading.obis: reading for reading in now}
    rises = {
        code: (later[code].quantity - earlier[code].quantity, _step(earlier[code], later[code]))
        for code in later
        if code in earlier and is_energy(code)
    }
    found = []
    if any(rise <= -step for rise, step in rises.values()):
        found.append(COUNTER_FELL)
    most = Decimal(_LARGEST_CONNECTION_W * max(elapsed_s, 0)) / _S_AN_HOUR
    if elapsed_s > 0 and any(rise > most + step for rise, step in rises.values()):
        found.append(COUNTER_JUMPED)
    if elapsed_s >= _SHORTEST_S and POWER in later and _sign_contradicts(later[POWER].quantity, rises):
        found.append(POWER_SIGN)
    return tuple(found)


def _sign_contradicts(power: Decimal, rises: dict[str, tuple[Decimal, Decimal]]) -> bool:
    """The counter of this direction stood still while the other moved."""
    own, other = (EXPORT_ENERGY, IMPORT_ENERGY) if power < 0 else (IMPORT_ENERGY, EXPORT_ENERGY)
    if own not in rises or other not in rises:
        return False
    seen = abs(power) * _SURELY_SEEN_S >= rises[own][1] * _S_AN_HOUR
    return seen and rises[own][0] == 0 and rises[other][0] > 0


def _step(earlier: Reading, later: Reading) -> Decimal:
    """What the counter counts in, Wh; the coarser of both, a meter may be locked or unlocked between."""
    return Decimal(1).scaleb(max(earlier.scaler, later.scaler))
