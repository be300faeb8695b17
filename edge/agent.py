"""The agent of a device: Data Aggregator and Data Transmitter in one light process.

Threads: the cycle (the caller's own), a thread for each head, one that pulls, one that transmits, one that
watches consent, one that renews the certificate. Each has its own connections, so a slow network never delays
a slot. A part that fails is logged, shown in the heartbeat and started again; the others go on. Ending at any
moment is safe: every write can be repeated, and the next start finds out what was written.

Once the centre says that the household was erased, all of these end for good: what is left is to erase this
device too, to confirm it, and to wait until somebody switches it off.
"""

import logging
import random
import threading
from collections.abc import Callable, Sequence
from functools import partial

from couch.clock import Clock
from couch.errors import CouchError, Fault, Unreachable
from edge import heartbeat, replica
from edge.centre_identity import CentreIdentity, identity_of
from edge.clock_state import ClockWitness
from edge.consent_watch import watch
from edge.cycle import Cycle
from edge.data_aggregator import DataAggregator, SlotResult
from edge.data_transmitter import DataTransmitter
from edge.enrolment_client import EnrolmentClient
from edge.erasure import Erasure
from edge.erasure_confirmation import Confirmation
from edge.farewell import Farewell
from edge.head_thread import HeadThread
from edge.heartbeat import Vitals
from edge.links import Links
from edge.meter import MeterConfig, MeterPort
from edge.pulling import Pulling
from edge.renewal import Renewal
from edge.settings import DeviceSettings, MeterSettings
from edge.transmission import Transmission

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
_END_WITHIN_S = 5.0

OpenPort = Callable[[MeterConfig, Clock], MeterPort]


class Agent:
    """One device. `run` returns after `stop` was set."""

    def __init__(
        self,
        settings: DeviceSettings,
        *,
        clock: Clock,
        witness: ClockWitness,
        stop: threading.Event,
        open_port: OpenPort = MeterPort,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._witness = witness
        self._stop = stop
        self._open_port = open_port
        self._over = threading.Event()  # stopped, or the household was erased
        self._links = Links(settings)
        self._identity = identity_of(settings.centre)
        self._erasure = Erasure(self._links, clock)
        self.vitals = Vitals()

    def run(self) -> None:
        """Measure and transmit until stopped. Raises Fault and Refused when the engine cannot be set up."""
        threading.Thread(target=self._end_with_stop, name="end", daemon=True).start()
        heads = [HeadThread(entry.meter, self._opener(entry), self._clock) for entry in self._settings.meters]
        try:
            if self._ready():
                self._run(heads)
        finally:
            for head in heads:
                head.close()
        if self._erasure.marker() is not None:
            self._forget()

    def _run(self, heads: Sequence[HeadThread]) -> None:
        transmission = Transmission(
            self._links, clock=self._clock, vitals=self.vitals, erased=self._household_erased
        )
        pulling = Pulling(
            partial(DataTransmitter, self._links),
            clock=self._clock,
            vitals=self.vitals,
            longest_pause_s=self._settings.transmission.reconnect_max_s,
            link_returned=transmission.request,
            erased=self._household_erased,
        )
        parts: dict[str, Callable[[], None]] = {
            "pull": partial(pulling.run, self._over),
            "transmission": partial(transmission.run, self._over),
            "consent watch": partial(self._watch, transmission),
        }
        if self._identity is not None:  # the centre is reached over TLS
            parts["renewal"] = partial(self._renew, self._identity, transmission)
        threads = [
            threading.Thread(target=self._supervise, args=(name, work), name=name, daemon=True)
            for name, work in parts.items()
        ]
        for thread in threads:
            thread.start()
        self._supervise("cycle", partial(self._cycle, heads, pulling, transmission))
        pulling.wake()
        transmission.request()
        if self._stop.is_set():
            for thread in threads:
                thread.join(_END_WITHIN_S / len(threads))
        else:
            self._await_end(threads)

    def _end_with_stop(self) -> None:
        self._stop.wait()
        self._over.set()

    def _household_erased(self) -> None:
        """The centre said so: nothing is measured, pulled or pushed from here on."""
        self._over.set()
        try:
            self._erasure.begin()
        except Fault as err:  # tried again before anything is erased
            _log.error("the erasure cannot be marked: %s", err)

    def _await_end(self, threads: Sequence[threading.Thread]) -> None:
        """Wait for threads that wait for a replication, by ending it; none may write after the erasure."""
        while not self._stop.is_set() and any(thread.is_alive() for thread in threads):
            try:
                self._links.stop_replications()
            except CouchError as err:
                _log.warning("replications cannot be ended yet: %s", err)
            for thread in threads:
                thread.join(_END_WITHIN_S / len(threads))

    def _forget(self) -> None:
        """Erase, confirm, and stay until stopped: whatever starts the agent again would change nothing."""
        identity = self._identity
        come_back = (lambda: None) if identity is None else self._renewal(identity, lambda: None).look
        farewell = Farewell(
            self._erasure,
            self._links,
            clock=self._clock,
            vitals=self.vitals,
            confirmation=Confirmation(
                self._links.centre(),
                vitals=self.vitals,
                identity=identity,
                come_back=come_back,
                longest_pause_s=self._settings.transmission.reconnect_max_s,
            ),
            identity=identity,
        )
        farewell.run(self._stop)
        self._stop.wait()

    def _ready(self) -> bool:
        """Set the engine up, waiting until it answers; False when stopped meanwhile, or to measure never."""
        failures = 0
        while not self._over.is_set():
            try:
                if self._erasure.marker() is not None or self._erasure.take_up():
                    return False
                replica.init(self._links)
                agent = self._links.replica(self._settings.local.agent)
                self.vitals.remember(heartbeat.last_kept(agent))
            except Unreachable as err:
                failures += 1
                _log.warning("the device's database is not ready: %s", err)
                self._over.wait(_pause_s(failures))
            else:
                return True
        return False

    def _cycle(self, heads: Sequence[HeadThread], pulling: Pulling, transmission: Transmission) -> None:
        aggregator = DataAggregator(
            device=self._settings.device,
            replica=self._links.replica(self._settings.local.agent),
            gate=self._links.gate(),
            heads=heads,
            clock=self._clock,
            head_timeout_s=self._settings.cycle.head_timeout_s,
        )
        cycle = Cycle(
            aggregator,
            clock=self._clock,
            witness=self._witness,
            vitals=self.vitals,
            pull=partial(pulling.before_cycle, self._settings.cycle.pull_timeout_s),
            announce=partial(_announce, transmission),
            clock_lost=transmission.request,  # the heartbeat says so
        )
        cycle.run(self._over)

    def _watch(self, transmission: Transmission) -> None:
        watch(
            self._links.replica(self._settings.local.agent),
            self._links.gate(),
            transmit_now=transmission.request,
            stop_sending=self._links.stop_replications,
            stop=self._over,
        )

    def _renew(self, identity: CentreIdentity, transmission: Transmission) -> None:
        self._renewal(identity, transmission.request).run(self._over)

    def _renewal(self, identity: CentreIdentity, renewed: Callable[[], None]) -> Renewal:
        centre = EnrolmentClient(self._settings.centre.url, identity)
        return Renewal(identity, centre, vitals=self.vitals, renewed=renewed)

    def _opener(self, entry: MeterSettings) -> Callable[[], MeterPort]:
        config = MeterConfig(meter=entry.meter, head=entry.head, protocol=entry.protocol)
        if entry.keep is not None:
            config = MeterConfig(meter=entry.meter, head=entry.head, protocol=entry.protocol, keep=entry.keep)
        return partial(self._open_port, config, self._clock)

    def _supervise(self, name: str, work: Callable[[], None]) -> None:
        """Run `work` until it returns because all work is over; after any failure, again."""
        failures = 0
        while not self._over.is_set():
            try:
                work()
            except CouchError as err:
                _log.warning("%s stopped and is started again: %s", name, err)
                self.vitals.failed(name, err)
            except Exception as err:  # noqa: BLE001 - a defect in one part must not end the others
                _log.exception("%s failed in a way nobody foresaw; it is started again", name)
                self.vitals.failed(name, f"defect: {type(err).__name__}")
            else:
                self.vitals.succeeded(name)
                return
            failures += 1
            self._over.wait(_pause_s(failures))


def _announce(transmission: Transmission, result: SlotResult) -> None:
    _log.info(
        "slot %s: consent %s, %d stored, %d missing",
        result.slot,
        result.consent,
        len(result.stored),
        len(result.missing),
    )
    transmission.after_cycle()


def _pause_s(failures: int) -> float:
    pause_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(failures - 1, 8))
    return random.uniform(0.5, 1.0) * pause_s  # noqa: S311 - jitter, no secret
