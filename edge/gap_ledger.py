"""The gap ledger (design section 12): for every meter and slot, stored or missing with its cause. Pure.

A *run* is an unbroken row of missing slots of one cause. While it lasts it stands in the ledger; when it has
ended it becomes one write-once `gap` document. The order of writes is measurement, then gap, then ledger, so
after a crash the ledger is at most one slot behind the replica, and `recover` brings it up from what the
replica holds; where the ledger itself is lost, `recover` derives it from the replica alone.

All moments are starts of slots, UTC; both ends of a run belong to it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from couch.clock import SLOT, slot_of
from couch.documents import Cause, Gap


class Run(msgspec.Struct, frozen=True):
    """Missing slots `first` to `last` of one cause."""

    first: datetime
    last: datetime
    cause: Cause


class MeterLedger(msgspec.Struct, frozen=True):
    """One meter: every slot up to `accounted_to` is stored, in a gap document, or in the open `run`.

    None for `accounted_to`: nothing is known yet. A `run` always ends at `accounted_to`.
    """

    accounted_to: datetime | None = None
    run: Run | None = None


class Ledger(msgspec.Struct, frozen=True):
    """What is kept in `_local/cycle`: a ledger for each meter's uuid."""

    meters: dict[str, MeterLedger] = msgspec.field(default_factory=dict)


def first_slot_after(granted_at: datetime) -> datetime:
    """The first slot that began under the grant; earlier ones are nobody's gap."""
    slot = slot_of(granted_at)
    return slot if slot == granted_at else slot + SLOT


def closed(ledger: MeterLedger, slot: datetime) -> MeterLedger:
    """The device lived through `slot` without knowing of a grant.

    One run of cause `no_consent` grows, whatever else happened in it: if a grant given earlier on another
    device arrives later, `recover` cuts the run to the slots after that grant, and drops it if none is left.
    """
    begun = ledger.run is not None and ledger.run.cause == "no_consent"
    first = ledger.run.first if ledger.run is not None and begun else slot
    return MeterLedger(slot, Run(min(first, slot), slot, "no_consent"))


def step(
    ledger: MeterLedger, slot: datetime, missing: Cause | None, since: datetime
) -> tuple[MeterLedger, Run | None]:
    """Account for `slot`, the one after `accounted_to`: stored (None) or missing with its cause.

    Returns the new ledger and the run that ended by it, if one did. A slot already accounted for changes
    nothing; one before `since` (the first slot under the grant) is no gap. Raises ValueError when slots lie
    between, for which `recover` must account first.
    """
    known = ledger.accounted_to
    if known is not None and slot <= known:
        return ledger, None
    if known is not None and slot != known + SLOT:
        raise ValueError(f"slots between {known} and {slot} are not accounted for")
    run = ledger.run
    if missing is None or slot < since:
        return MeterLedger(slot), run
    if run is not None and run.cause == missing:
        return MeterLedger(slot, Run(run.first, slot, missing)), None
    return MeterLedger(slot, Run(slot, slot, missing)), run


def recover(
    ledger: MeterLedger,
    *,
    since: datetime,
    until: datetime,
    stored: Iterable[datetime],
    gaps: Iterable[Gap],
    lived: Sequence[Run] = (),
) -> tuple[MeterLedger, tuple[Run, ...]]:
    """Account for every slot from `since` to `until` (the slot before the present one).

    `stored` are the slots of measurements in the replica, `gaps` its gap documents, at least those from
    `unaccounted_from` on; `lived` are slots that this process lived through with a cause of its own. Any
    other missing slot has the cause that the ledger's open run gives it, else `device_off`.
    Returns the ledger at `until`, and the ended runs that are not in a gap document yet, in order.
    """
    if ledger.accounted_to is not None and ledger.accounted_to > until:
        return ledger, ()
    base = unaccounted_from(ledger, since)
    taken = sorted(
        [(slot, slot) for slot in stored] + [(gap.from_slot, gap.to_slot) for gap in gaps],
    )
    causes = [*([ledger.run] if ledger.run else []), *lived]
    runs: list[Run] = []
    for first, last in _holes(base, until, taken):
        for run in _by_cause(first, last, causes):
            before = runs[-1] if runs else None
            if before is not None and before.cause == run.cause and before.last + SLOT == run.first:
                runs[-1] = Run(before.first, run.last, run.cause)
            else:
                runs.append(run)
    if runs and runs[-1].last == until:
        return MeterLedger(until, runs[-1]), tuple(runs[:-1])
    return MeterLedger(until), tuple(runs)


def unaccounted_from(ledger: MeterLedger, since: datetime) -> datetime:
    """The first slot whose gap document may still be missing: where `recover` must look from."""
    if ledger.run is not None:
        return max(ledger.run.first, since)
    if ledger.accounted_to is not None:
        return max(ledger.accounted_to + SLOT, since)
    return since


def _holes(
    base: datetime, until: datetime, taken: Sequence[tuple[datetime, datetime]]
) -> Iterable[tuple[datetime, datetime]]:
    """The stretches of [base, until] that no interval of `taken` (sorted) covers."""
    at = base
    for first, last in taken:
        if first > until:
            break
        if first > at:
            yield at, first - SLOT
        at = max(at, last + SLOT)
    if at <= until:
        yield at, until


def _by_cause(first: datetime, last: datetime, causes: Sequence[Run]) -> Iterable[Run]:
    """[first, last] split where the cause changes; an earlier entry of `causes` wins over a later one."""
    at = first
    while at <= last:
        here = next((run for run in causes if run.first <= at <= run.last), None)
        if here is not None:
            end = min(here.last, last)
            yield Run(at, end, here.cause)
        else:
            later = [run.first for run in causes if at < run.first <= last]
            end = min(later) - SLOT if later else last
            yield Run(at, end, "device_off")
        at = end + SLOT
