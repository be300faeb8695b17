"""The Data Aggregator (thesis 4.2.1, 4.3.2): one slot, from consent to durable measurements and gaps.

Order of writes, so that a crash between any two of them costs nothing but the slot being read: each
measurement as it arrives, then gap documents, then the ledger in `_local/cycle`. Ids follow from meter and
slot, so a repeated slot, or a second agent, writes nothing twice. Only what is stored is announced.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue

from couch.clock import SLOT, Clock
from couch.database import Database
from couch.documents import Cause, ConsentState, Measurement, TimeProvenance
from couch.errors import Conflict, CouchError, Refused
from edge.clock_state import ClockState, boot_id
from edge.consent_gate import ConsentGate, ConsentView
from edge.gap_keeping import GapKeeper, measurement_id
from edge.head_thread import HeadAnswer, HeadThread
from edge.meter import MeterAnswer

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SlotResult:
    """What became of a slot. `missing` names the cause for each meter without a measurement."""

    slot: datetime
    consent: ConsentState
    stored: tuple[str, ...] = ()  # meters whose measurement stands in the replica now
    missing: dict[str, Cause] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()


class DataAggregator:
    """Measures slot by slot; used by one thread. `replica` is written as the account `agent`."""

    def __init__(
        self,
        *,
        device: str,
        replica: Database,
        gate: ConsentGate,
        heads: Sequence[HeadThread],
        clock: Clock,
        head_timeout_s: float,
    ) -> None:
        self._device = device
        self._replica = replica
        self._gate = gate
        self._heads = {head.meter: head for head in heads}
        self._clock = clock
        self._head_timeout_s = head_timeout_s
        self._boot = boot_id()
        self.gaps = GapKeeper(device, tuple(self._heads), replica)

    def measure(self, slot: datetime, clock_state: ClockState) -> SlotResult:
        """Measure `slot`, the present one, once for each meter, if consent is granted.

        Repeating it is harmless. Raises CouchError when the database failed half way: repeat it then.
        """
        view = self._gate.look()
        if view.state is ConsentState.REVOKED:
            return SlotResult(slot, view.state)
        try:
            if view.state is ConsentState.NOT_GRANTED:
                self.gaps.close(slot)
                return SlotResult(slot, view.state)
            return self._measure(slot, view, clock_state)
        except CouchError:
            self.gaps.doubt()
            raise

    def _measure(self, slot: datetime, view: ConsentView, clock_state: ClockState) -> SlotResult:
        due = self.gaps.due(slot)
        stored = [meter for meter in due if not self.gaps.settled and self._has(meter, slot)]
        missing: dict[str, Cause] = {}
        for answer in self._readings([meter for meter in due if meter not in stored], slot):
            cause = self._store(answer, slot, clock_state)
            if cause == "no_consent":  # revoked while the meter was read: from here on nothing is written
                return SlotResult(slot, ConsentState.REVOKED, tuple(stored))
            if cause is None or self._has(answer.meter, slot):  # another agent may have been quicker
                stored.append(answer.meter)
            else:
                missing[answer.meter] = cause
        gaps = self.gaps.account(slot, view.granted_at, due, missing)
        return SlotResult(slot, view.state, tuple(stored), missing, gaps)

    def _readings(self, meters: Sequence[str], slot: datetime) -> Iterator[HeadAnswer]:
        """Ask all heads at once; answers as they arrive, and a cause for those that do not in time."""
        budget_s = min(self._head_timeout_s, 0.8 * self._clock.real_seconds_until(slot + SLOT))
        answers: SimpleQueue[HeadAnswer] = SimpleQueue()
        waiting = {meter for meter in meters if self._heads[meter].ask(budget_s, answers)}
        yield from (self._silent(meter) for meter in meters if meter not in waiting)
        deadline = time.monotonic() + budget_s * 1.1 + 0.05  # the port's own time-out comes first
        while waiting:
            try:
                answer = answers.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                _log.warning("%d head(s) hang beyond their time-out", len(waiting))
                yield from (self._silent(meter) for meter in sorted(waiting))
                return
            waiting.discard(answer.meter)
            yield answer

    def _silent(self, meter: str) -> HeadAnswer:
        return HeadAnswer(meter, "meter_silent", self._clock.now(), self._clock.monotonic_ms())

    def _store(self, read: HeadAnswer, slot: datetime, clock_state: ClockState) -> Cause | None:
        """None once the measurement is durable, else why there is none."""
        answer = read.answer
        if not isinstance(answer, MeterAnswer):
            return answer
        if not answer.readings:
            return "locked" if answer.locked else "meter_silent"
        if not slot <= read.at < slot + SLOT:
            return "clock_unknown"  # the clock was set while the meter was read
        if self._gate.revoked():
            return "no_consent"
        return self._put(self._measurement(read, answer, slot, clock_state))

    def _measurement(
        self, read: HeadAnswer, answer: MeterAnswer, slot: datetime, clock_state: ClockState
    ) -> Measurement:
        return Measurement(
            meter=read.meter,
            measured_at=read.at,
            slot=slot,
            device=self._device,
            data=answer.readings,
            time=TimeProvenance(
                source="synchronized" if clock_state is ClockState.SYNCHRONIZED else "unsynchronized",
                boot=self._boot,
                monotonic_ms=read.monotonic_ms,
                meter_seconds=answer.meter_seconds,
            ),
            marks=answer.marks,
        )

    def _put(self, measurement: Measurement) -> Cause | None:
        try:
            self._replica.put_once(measurement.to_json())
        except Conflict:
            return None  # an earlier try or another agent measured this slot
        except Refused as err:
            self._gate.forget()
            _log.error("the replica refused a measurement: %s", err)
            return "storage"
        return None

    def _has(self, meter: str, slot: datetime) -> bool:
        return self._replica.find(measurement_id(meter, slot)) is not None
