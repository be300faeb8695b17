"""A device without hardware, network or database: stepped time, scripted meters, a replica in memory.

`tests/integration/device/test_contract.py` holds the replica in memory to what a real database does.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from couch.clock import SLOT
from couch.documents import GRANTED_ID, REVOKED_ID, Author, Cause, Consent, Gap, Json, Reading
from couch.errors import Conflict, NotFound, Refused, Unreachable
from edge.clock_state import ClockState
from edge.consent_gate import ConsentGate
from edge.data_aggregator import DataAggregator, SlotResult
from edge.head_thread import HeadThread
from edge.meter import MeterAnswer, MeterFailed

START = datetime(2026, 3, 1, tzinfo=UTC)
DEVICE = "22222222-2222-4222-8222-222222222222"
METERS = ("11111111-1111-4111-8111-111111111111", "11111111-1111-4111-8111-222222222222")

Script = Callable[[str, int], Cause | None]  # meter, number of the slot -> cause of no reading, None: one


class PowerFailure(BaseException):
    """The process ends here: nothing may catch it."""


class SteppedClock:
    """Time that a test sets; a slot has a second of real time left."""

    speed = 1.0

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic_ms(self) -> int:
        return int((self.at - START).total_seconds() * 1000)

    def real_seconds_until(self, moment: datetime) -> float:
        return 1.0 if moment > self.at else 0.0

    def sleep_until(self, moment: datetime, stop: threading.Event) -> bool:
        self.at = max(self.at, moment)
        return stop.is_set()


class ReplicaInMemory:
    """What the aggregator needs of `couch.database.Database`, with the rule that consent gates measurements.

    `on_write` is called with "before" and "after" around each write, and may raise.
    """

    def __init__(self) -> None:
        self.docs: dict[str, Json] = {}
        self.locals: dict[str, Json] = {}
        self.secured: Json = {"consent": {"state": "not_granted", "erased": False}}
        self.on_write: Callable[[str], None] = lambda _moment: None
        self.reachable = True
        self._lock = threading.Lock()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._reach()
        self.on_write("before")
        with self._lock:
            yield
        self.on_write("after")

    def _reach(self) -> None:
        if not self.reachable:
            raise Unreachable("the database does not answer")

    def find(self, doc_id: str) -> Json | None:
        self._reach()
        return self.docs.get(doc_id)

    def leaves(self, doc_id: str) -> list[Json]:
        self._reach()
        return [self.docs[doc_id]] if doc_id in self.docs else []

    def put_once(self, doc: Json) -> bool:
        with self._writing():
            stands = self.docs.get(doc["_id"])
            if stands is not None:
                if {**stands, "_rev": ""} != {**doc, "_rev": ""}:
                    raise Conflict("other content stands there")
                return False
            gated = doc["type"] in ("measurement", "gap")
            if gated and self.secured["consent"]["state"] != "granted":
                raise Refused(
                    "consent is not granted", error="forbidden", reason="consent is not granted", status=403
                )
            self.docs[doc["_id"]] = {**doc, "_rev": "1-0"}
        return True

    def rows(self, *, start: str, end: str) -> Iterator[tuple[str, str]]:
        self._reach()
        yield from ((name, self.docs[name]["_rev"]) for name in sorted(self.docs) if start <= name <= end)

    def documents(self, *, start: str, end: str) -> Iterator[Json]:
        yield from [self.docs[name] for name, _ in self.rows(start=start, end=end)]

    def local(self, name: str) -> Json | None:
        self._reach()
        return self.locals.get(name)

    def put_local(self, name: str, body: Json) -> None:
        with self._writing():
            self.locals[name] = body

    def security(self) -> Json:
        self._reach()
        return self.secured

    def set_security(self, security: Json) -> None:
        with self._writing():
            self.secured = security

    def get(self, doc_id: str) -> Json:
        found = self.find(doc_id)
        if found is None:
            raise NotFound("missing", error="not_found", reason="missing", status=404)
        return found

    def record(self, state: str, at: datetime) -> None:
        """What the participant's page writes."""
        consent = Consent(state=state, at=at, by=Author(role="participant", device=DEVICE))
        self.docs[GRANTED_ID if state == "granted" else REVOKED_ID] = {**consent.to_json(), "_rev": "1-0"}


@dataclass
class ScriptedPort:
    """A meter that counts its slots, or fails as the script says. `before_answer` is called in each read."""

    meter: str
    clock: SteppedClock
    script: Script
    reads: list[tuple[str, int]]
    before_answer: Callable[[], None] = lambda: None

    def read(self, timeout_s: float) -> MeterAnswer:
        number = (self.clock.now() - START) // SLOT
        self.reads.append((self.meter, number))
        self.before_answer()
        cause = self.script(self.meter, number)
        if cause is not None:
            raise MeterFailed(cause, "as the script says")
        reading = Reading(obis="0100010800ff", value=next(_counter), scaler=-1, unit="Wh")
        return MeterAnswer((reading,), number * 900, (), False)

    def close(self) -> None:
        return


_counter = itertools.count(1)  # no two readings are equal, as with real meters


@dataclass
class Bench:
    """A device's aggregator over a replica in memory; `restart` is a new process over the same replica."""

    replica: Any = field(default_factory=ReplicaInMemory)
    clock: SteppedClock = field(default_factory=SteppedClock)
    script: Script = lambda _meter, _number: None
    meters: tuple[str, ...] = METERS[:1]
    reads: list[tuple[str, int]] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None
    heads: list[HeadThread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.close()
        self.aggregator = self.another()

    def another(self) -> DataAggregator:
        """A second process of the same device."""
        heads = [HeadThread(meter, partial(self._port, meter), self.clock) for meter in self.meters]
        self.heads += heads
        return DataAggregator(
            device=DEVICE,
            replica=self.replica,
            gate=ConsentGate(self.replica, self.replica, threading.Lock()),
            heads=heads,
            clock=self.clock,
            head_timeout_s=60.0,  # a busy machine may stall: only a head that hangs takes so long
        )

    def _port(self, meter: str) -> ScriptedPort:
        return ScriptedPort(meter, self.clock, self.script, self.reads, self._before_answer)

    def _before_answer(self) -> None:
        self.before_answer()

    def close(self) -> None:
        for head in self.heads:
            head.close()
        self.heads.clear()

    def grant(self, number: int = 0) -> None:
        self.replica.record("granted", START + number * SLOT)

    def revoke(self, number: int) -> None:
        self.replica.record("revoked", START + number * SLOT)

    def measure(self, number: int) -> SlotResult:
        """The `number`-th slot, a minute after it began."""
        slot = START + number * SLOT
        self.clock.at = slot + timedelta(minutes=1)
        return self.aggregator.measure(slot, ClockState.SYNCHRONIZED)

    def stored(self, meter: str = METERS[0]) -> list[int]:
        """Numbers of the slots with a measurement."""
        prefix = f"measurement:{meter}:"
        moments = [datetime.fromisoformat(name.removeprefix(prefix)) for name in self._named(prefix)]
        return [(moment - START) // SLOT for moment in moments]

    def gaps(self, meter: str = METERS[0]) -> list[tuple[int, int, str]]:
        """(first, last, cause) of each gap document."""
        docs = [Gap.from_json(self.replica.docs[name]) for name in self._named(f"gap:{meter}:")]
        return [((doc.from_slot - START) // SLOT, (doc.to_slot - START) // SLOT, doc.cause) for doc in docs]

    def _named(self, prefix: str) -> list[str]:
        return sorted(name for name in self.replica.docs if name.startswith(prefix))


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A device with one meter; consent is not granted yet."""
    made = Bench()
    yield made
    made.close()


@pytest.fixture
def make_bench() -> Iterator[Callable[..., Bench]]:
    """Benches of other shapes."""
    made: list[Bench] = []

    def make(**shape: Any) -> Bench:
        made.append(Bench(**shape))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def power_failure() -> type[PowerFailure]:
    """The exception that stands for the end of the process."""
    return PowerFailure


@pytest.fixture
def meters() -> tuple[str, ...]:
    return METERS
