"""Keeping the gap ledger: between the pure rules of `edge.gap_ledger` and the replica.

The ledger stands in `_local/cycle`, which does not replicate. It is written last, so after a crash it is
behind the replica, never ahead; it is brought up before its first use and after every failure.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice

import msgspec

from couch.clock import SLOT, from_rfc3339
from couch.database import Database
from couch.documents import Cause, Gap, stamp
from couch.errors import Conflict, Refused
from edge.gap_ledger import (
    Ledger,
    MeterLedger,
    Run,
    closed,
    first_slot_after,
    recover,
    step,
    unaccounted_from,
)

_log = logging.getLogger(__name__)
LEDGER = "cycle"


class GapKeeper:
    """Accounts for every slot of this device's meters; used by one thread, writes as the account `agent`."""

    def __init__(self, device: str, meters: Sequence[str], replica: Database) -> None:
        self._device = device
        self._meters = tuple(meters)
        self._replica = replica
        self._ledger: Ledger | None = None  # as `_local/cycle` holds it; None: read it first
        self._lived: list[Run] = []  # slots this process lived through without being able to write it down
        self.settled = False
        """Whether the ledger was brought up to what the replica holds."""

    def newest_slot(self, now: datetime) -> datetime | None:
        """The newest slot accounted for, or stored after `now`; a right clock is not before it.

        Raises CouchError.
        """
        known = [entry.accounted_to for entry in self._loaded().meters.values() if entry.accounted_to]
        if not self.settled:  # the ledger may have been lost
            for meter in self._meters:
                later = self._replica.rows(
                    start=measurement_id(meter, now + SLOT), end=f"measurement:{meter}:~"
                )
                known += [_slot_in(doc_id) for doc_id, _ in later]
        return max(known, default=None)

    def due(self, slot: datetime) -> list[str]:
        """The meters for which `slot` is not accounted for yet. Raises CouchError."""
        ledger = self._loaded()
        return [meter for meter in self._meters if not _accounted(ledger, meter, slot)]

    def lived_through(self, first: datetime, last: datetime, cause: Cause) -> None:
        """Remember why slots stay empty that could not be written down; told at the next slot that can."""
        if first > last:
            return
        before = self._lived[-1] if self._lived else None
        if before is not None and before.cause == cause and first <= before.last + SLOT:
            self._lived[-1] = Run(before.first, max(last, before.last), cause)
        else:
            self._lived.append(Run(first, last, cause))
        self.settled = False

    def doubt(self) -> None:
        """What was written is unknown: read the ledger and the replica again before the next step."""
        self._ledger, self.settled = None, False

    def close(self, slot: datetime) -> None:
        """Account for a slot without a grant: nothing was measured, the ledger knows that we were there."""
        meters = dict(self._loaded().meters)
        for meter in self.due(slot):
            meters[meter] = closed(meters.get(meter, MeterLedger()), slot)
        self._keep(Ledger(meters))

    def account(
        self, slot: datetime, granted_at: datetime | None, due: Iterable[str], missing: Mapping[str, Cause]
    ) -> tuple[str, ...]:
        """`slot` is stored for each meter of `due` but those `missing`: write ended gaps, then the ledger.

        Returns the ids of the gaps. Raises CouchError; then `doubt` and repeat.
        """
        since = slot if granted_at is None else first_slot_after(granted_at)
        meters, gaps = dict(self._loaded().meters), list[Gap]()
        for meter in due:
            before, ended = meters.get(meter, MeterLedger()), list[Run]()
            closed_before = before.run is not None and before.run.cause == "no_consent"  # cut it to the grant
            if not self.settled or closed_before or before.accounted_to != slot - SLOT:
                before, runs = self._recover(meter, before, since, slot - SLOT)
                ended += runs
            meters[meter], run = step(before, slot, missing.get(meter), since)
            ended += [run] if run else []
            gaps += [self._gap(meter, each) for each in ended]
        for gap in gaps:
            self._put(gap)
        self._keep(Ledger(meters))
        self._lived.clear()
        return tuple(gap.id for gap in gaps)

    def _recover(
        self, meter: str, before: MeterLedger, since: datetime, until: datetime
    ) -> tuple[MeterLedger, tuple[Run, ...]]:
        start = unaccounted_from(
            before, self._begun(meter, since, until) if before.accounted_to is None else since
        )
        if start > until:
            return recover(before, since=start, until=until, stored=(), gaps=())
        rows = self._replica.rows(start=measurement_id(meter, start), end=measurement_id(meter, until))
        docs = self._replica.documents(start=f"gap:{meter}:{stamp(start)}", end=f"gap:{meter}:{stamp(until)}")
        return recover(
            before,
            since=start,
            until=until,
            stored=[_slot_in(doc_id) for doc_id, _ in rows],
            gaps=[Gap.from_json(doc) for doc in docs],
            lived=self._lived,
        )

    def _begun(self, meter: str, since: datetime, until: datetime) -> datetime:
        """The first slot that this device has a document of, for a meter that the ledger does not know.

        None at all: the meter, or the device, is new here; what was before it is nobody's gap.
        """
        kinds = ("measurement", "gap")
        ranges = [
            self._replica.rows(start=f"{kind}:{meter}:{stamp(since)}", end=f"{kind}:{meter}:{stamp(until)}")
            for kind in kinds
        ]
        first = [_slot_in(doc_id) for rows in ranges for doc_id, _ in islice(rows, 1)]
        return min(first, default=until + SLOT)

    def _put(self, gap: Gap) -> None:
        try:
            self._replica.put_once(gap.to_json())
        except Conflict:
            if self.settled:
                raise  # the next try reads the replica first
            _log.warning("%s got another end while the replica was read; that one stays", gap.id)
        except Refused as err:
            _log.error("the replica refused %s: %s", gap.id, err)

    def _gap(self, meter: str, run: Run) -> Gap:
        return Gap(meter=meter, from_slot=run.first, to_slot=run.last, cause=run.cause, device=self._device)

    def _loaded(self) -> Ledger:
        if self._ledger is None:
            stored = self._replica.local(LEDGER)
            try:
                self._ledger = Ledger() if stored is None else msgspec.convert(stored, Ledger)
            except msgspec.ValidationError:
                _log.error("the ledger of gaps is unreadable; it is derived from the replica anew")
                self._ledger = Ledger()
        return self._ledger

    def _keep(self, ledger: Ledger) -> None:
        if ledger != self._ledger:
            self._replica.put_local(LEDGER, msgspec.to_builtins(ledger))
        self._ledger, self.settled = ledger, True


def measurement_id(meter: str, slot: datetime) -> str:
    """The id of the measurement of `meter` in `slot` (design section 5)."""
    return f"measurement:{meter}:{stamp(slot)}"


def _slot_in(doc_id: str) -> datetime:
    return from_rfc3339(doc_id.split(":", 2)[2])


def _accounted(ledger: Ledger, meter: str, slot: datetime) -> bool:
    known = ledger.meters.get(meter, MeterLedger()).accounted_to
    return known is not None and known >= slot
