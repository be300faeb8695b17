"""A household's participant and device, each slot after their plan."""

import threading
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from survey_plan import START, Plan, at_slot, reading

from couch.bootstrap import security_erased
from couch.clock import Clock
from couch.documents import Author, Consent, ConsentState, Erased, Json
from couch.replication import centre_consent
from edge.backlog import Backlog
from edge.clock_state import ClockState
from edge.data_aggregator import DataAggregator
from edge.data_transmitter import DataTransmitter, HouseholdErased
from edge.erasure import Erasure
from edge.erasure_confirmation import Confirmation
from edge.farewell import Farewell
from edge.head_thread import HeadThread
from edge.heartbeat import Vitals
from edge.links import Links
from edge.meter import MeterAnswer
from edge.settings import DeviceSettings


class SlotClock(Clock):
    """Real time, but for what it says that now is: the beginning of a slot."""

    at = START

    def now(self) -> datetime:
        return type(self).at

    def real_seconds_until(self, moment: datetime) -> float:
        return 10.0 if moment > type(self).at else 0.0


@dataclass
class PlannedMeter:
    """Shows what the plan says that it shows now."""

    meter: str

    def read(self, timeout_s: float) -> MeterAnswer:
        return MeterAnswer((reading(self.meter, SlotClock.at),), None, (), False)

    def close(self) -> None:
        return


class Home:
    """A household's participant, and its device reduced to what the centre sees of it: an outbox."""

    def __init__(self, plan: Plan, settings: DeviceSettings) -> None:
        self.plan = plan
        self.links = Links(settings)
        self.centre = self.links.centre()
        self.stored: set[int] = set()
        self.erased = False
        self._revoked = False
        self._outbox: list[Json] = []

    def slot(self, number: int) -> bool:
        """One slot as agent and participant have it; whether the centre heard of it."""
        if self.erased:
            return False
        for state in ("granted", "revoked"):
            by_page = state == "granted" or not self.plan.by_letter
            if number == getattr(self.plan, state) and by_page:
                self.decide(self._consent(state, number))
        online = number in self.plan.transmits
        try:
            if online:
                self.pull()
            if self.measure(number):
                self.stored.add(number)
            if online:
                self.push()
        except HouseholdErased:
            self.say_farewell()
            self.erased = True
        return online

    def decide(self, consent: Json) -> None:
        self._revoked |= consent["state"] == "revoked"
        self._outbox.append(consent)

    def pull(self) -> None:
        if security_erased(self.centre.security()):
            raise HouseholdErased
        self._revoked |= self.centre.find("consent:revoked") is not None

    def measure(self, number: int) -> bool:
        if self._revoked or number < self.plan.granted:
            return False
        self._outbox += [self.plan.measurement(meter, number).to_json() for meter in self.plan.meters]
        return True

    def push(self) -> None:
        """Everything once both sides are granted, else the decisions alone."""
        open_ = not self._revoked and centre_consent(self.centre) is ConsentState.GRANTED
        sent = [doc for doc in self._outbox if open_ or doc["type"] == "consent"]
        if sent:
            results = self.centre.bulk(sent)
            assert [result.error for result in results] == [None] * len(sent), results
        self._outbox = [doc for doc in self._outbox if doc not in sent]

    def say_farewell(self) -> None:
        unsent = sum(doc["type"] == "measurement" for doc in self._outbox)
        word = Erased(device=self.plan.device, at=SlotClock.at, unsent_measurements=unsent)
        self.centre.put(word.to_json())

    def close(self) -> None:
        return

    def _consent(self, state: str, number: int) -> Json:
        assert state in ("granted", "revoked")
        by = Author(role="participant", device=self.plan.device)
        return Consent(
            state="granted" if state == "granted" else "revoked", at=at_slot(number), by=by
        ).to_json()


class WholeHome(Home):
    """With the agent's own parts over a replica: aggregator, transmitter, replicator, erasure."""

    def __init__(self, plan: Plan, settings: DeviceSettings) -> None:
        super().__init__(plan, settings)
        self._clock = SlotClock()
        self._page = self.links.replica(settings.local.page)
        self._gate = self.links.gate()
        self._heads = [HeadThread(meter, partial(PlannedMeter, meter), self._clock) for meter in plan.meters]
        replica = self.links.replica(settings.local.agent)
        self._aggregator = DataAggregator(
            device=plan.device,
            replica=replica,
            gate=self._gate,
            heads=self._heads,
            clock=self._clock,
            head_timeout_s=60.0,
        )
        self._transmitter = DataTransmitter(self.links)
        self._backlog = Backlog(replica)

    def decide(self, consent: Json) -> None:
        self._page.put(consent)

    def pull(self) -> None:
        self._transmitter.pull()

    def measure(self, number: int) -> bool:
        result = self._aggregator.measure(SlotClock.at, ClockState.SYNCHRONIZED)
        assert not result.missing, result
        return bool(result.stored)

    def push(self) -> None:
        mark = self._backlog.mark()
        pushed = self._transmitter.push(self._gate.look().state)
        assert pushed.outcome.failures == 0, pushed
        if pushed.measurements:
            self._backlog.pushed(pushed.outcome.through or mark)

    def say_farewell(self) -> None:
        vitals = Vitals()
        farewell = Farewell(
            Erasure(self.links, self._clock),
            self.links,
            clock=self._clock,
            vitals=vitals,
            confirmation=Confirmation(self.centre, vitals=vitals, longest_pause_s=0.1),
        )
        assert farewell.run(threading.Event())

    def close(self) -> None:
        for head in self._heads:
            head.close()
