"""A power failure between any two writes: every slot exactly once, and the right gaps."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

LAST = 9
CAUSES = {
    "first": {2: "meter_silent", 3: "meter_silent", 4: "checksum", 6: "head_unplugged", 7: "head_unplugged"},
    "second": {5: "locked"},
}


class Outage:
    """Ends the process at the `at`-th write, before or after it took effect."""

    def __init__(self, at: int, moment: str, failure: type[BaseException]) -> None:
        self._left, self._moment, self._failure = at, moment, failure

    def __call__(self, moment: str) -> None:
        if moment == self._moment:
            self._left -= 1
            if self._left == 0:
                raise self._failure


def truth(meter: str, meters: tuple[str, ...], number: int) -> str | None:
    return CAUSES["first" if meter == meters[0] else "second"].get(number)


def live(bench: Any, failure: type[BaseException], slots_off: int) -> tuple[int, int] | None:
    """Slots 0 to LAST; after a power failure the device comes back `slots_off` slots later.

    Returns the slot of the failure and the one of the return, None when no write was left to fail at.
    """
    number, outage = 0, None
    while number <= LAST:
        try:
            bench.measure(number)
            number += 1
        except failure:
            bench.replica.on_write = lambda _moment: None
            outage = (number, number + slots_off)
            number += slots_off
            bench.restart()
    return outage


@pytest.mark.parametrize("case", list(product(["before", "after"], [0, 1, 3], [False, True])), ids=str)
def test_a_power_failure_at_any_write_gives_every_slot_exactly_once(
    make_bench: Callable[..., Any],
    meters: tuple[str, ...],
    power_failure: type[BaseException],
    case: tuple[str, int, bool],
) -> None:
    moment, slots_off, ledger_lost = case
    at = 0
    while True:
        at += 1
        bench = make_bench(meters=meters, script=lambda meter, number: truth(meter, meters, number))
        bench.measure(-1)  # the device lives before the grant, so that its ledger knows where it began
        bench.grant()
        if ledger_lost:
            bench.measure(0)  # without any document nothing would tell a new device from this one
            restart = bench.restart
            bench.restart = lambda bench=bench, restart=restart: (bench.replica.locals.clear(), restart())
        bench.replica.on_write = Outage(at, moment, power_failure)
        outage = live(bench, power_failure, slots_off)
        if outage is None:
            break
        if outage[1] > LAST:
            bench.close()
            continue
        for meter in meters:
            # Without the ledger no document tells the cause of the run that was open.
            doubted = range(0 if ledger_lost else outage[0], outage[1] + ledger_lost)
            check(bench, meter, lambda number, meter=meter: truth(meter, meters, number), doubted)
        bench.close()
    assert at > 2 * LAST  # each slot writes at least a measurement and the ledger


def check(bench: Any, meter: str, told: Callable[[int], str | None], doubted: range) -> None:
    """`doubted` slots may be called device_off, whatever the script said of them."""
    stored, gaps = bench.stored(meter), bench.gaps(meter)
    covered = [number for first, last, _ in gaps for number in range(first, last + 1)]
    assert sorted([*stored, *covered]) == list(range(LAST + 1))
    for first, last, cause in gaps:
        for number in range(first, last + 1):
            assert cause == told(number) or (cause == "device_off" and number in doubted)
    assert all(told(number) is None for number in stored)
