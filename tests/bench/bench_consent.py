"""How quickly consent takes effect: from a grant to the first measurement, from a revocation to the last.

python tests/bench/bench_consent.py [--households 100]
One worker follows the feeds as `survey anonymizer run` does. In each household, one after the other, a device
grants and offers a measurement as often as it can (a real one: with the next slot), which says how long the
centre needs; then somebody revokes while it goes on offering. And on a device alone: the aggregator measures
as often as it can while the page revokes. Median, 95 % and worst. Engine as in bench_erasure.py.
"""

import argparse
import os
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from bench_erasure import START, BenchCentre, Household, bench_centre

from anonymizer.mapping import research_measurement
from couch.bootstrap import ensure_database, replica_security
from couch.client import Server
from couch.clock import SLOT, Clock
from couch.documents import Author, Consent, ConsentState, Measurement, Reading, ResearchMeasurement, utc
from couch.errors import AccessDenied, CouchError, Refused
from couch.names import AGENT, PAGE, replica_database
from couch.research import stored_twin
from couch.settings import Account, Secret
from edge.clock_state import ClockState
from edge.consent_gate import ConsentGate
from edge.data_aggregator import DataAggregator
from edge.head_thread import HeadThread
from edge.meter import MeterAnswer

WITHIN_S = 120.0


class Rows:
    """Latencies in milliseconds by what they are of."""

    def __init__(self) -> None:
        self.ms: dict[str, list[float]] = {}

    def add(self, name: str, seconds: float) -> None:
        self.ms.setdefault(name, []).append(max(seconds, 0.0) * 1000)

    def print(self) -> None:
        print(f"{'milliseconds':62} {'n':>4} {'median':>8} {'95 %':>8} {'worst':>8}")
        for name, found in self.ms.items():
            found.sort()
            middle, high = statistics.median(found), found[min(len(found) * 95 // 100, len(found) - 1)]
            print(f"{name:62} {len(found):4} {middle:8.0f} {high:8.0f} {found[-1]:8.0f}", flush=True)


@contextmanager
def following(centre: BenchCentre) -> Iterator[None]:
    """A worker that follows the feeds."""
    worker, stop = centre.new_worker(), threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(WITHIN_S)


def accepted(household: Household, number: int) -> bool:
    try:
        household.database.put(household.measurement(number))
    except CouchError:
        return False  # not granted yet, or not any more
    return True


def in_research(centre: BenchCentre, wanted: ResearchMeasurement) -> bool:
    try:
        return stored_twin(centre.worker, wanted) is not None
    except AccessDenied:
        return False  # its month is being made: the members come last


def one_household(centre: BenchCentre, device: Server, rows: Rows) -> None:
    household = centre.household(device)
    granted = time.perf_counter()
    household.consent("granted")
    while not accepted(household, 0):
        assert time.perf_counter() - granted < WITHIN_S
    rows.add("from the grant to the first measurement at the centre", time.perf_counter() - granted)
    measured = Measurement.from_json(household.measurement(0))
    wanted = research_measurement(measured, household.uuid, centre.pseudonyms)
    assert wanted is not None
    while not in_research(centre, wanted):
        assert time.perf_counter() - granted < WITHIN_S
    rows.add("from the grant to the first measurement in research", time.perf_counter() - granted)
    revoked = time.perf_counter()
    household.consent("revoked")
    last, number = revoked, 1
    while accepted(household, number):
        last = time.perf_counter()
        number += 1
    rows.add("from a revocation to the last measurement the centre takes", last - revoked)


class Ticking(Clock):
    """Every look at a meter is in the next slot."""

    at = START

    def now(self) -> datetime:
        return type(self).at

    def real_seconds_until(self, moment: datetime) -> float:
        return 10.0


class Meter:
    def read(self, timeout_s: float) -> MeterAnswer:
        return MeterAnswer((Reading(obis="0100010800ff", value=1, scaler=0, unit="Wh"),), None, (), False)

    def close(self) -> None:
        return


def on_a_device(centre: BenchCentre, times: int, rows: Rows) -> None:
    """The device's own part: no network, no worker."""
    accounts = {
        name: Account(f"{name}-{uuid.uuid4().hex[:12]}", Secret(uuid.uuid4().hex)) for name in (AGENT, PAGE)
    }
    for name, account in accounts.items():
        centre.admin.put_user(account.user, account.password.reveal(), [name])
    centre.accounts += accounts.values()
    url = centre.settings.url
    agent, page = (
        Server(url, user=account.user, password=account.password.reveal()) for account in accounts.values()
    )
    for _ in range(times):
        one_device(centre, agent, page, rows)


def one_device(centre: BenchCentre, agent: Server, page: Server, rows: Rows) -> None:
    device, clock = str(uuid.uuid4()), Ticking()
    name = replica_database(device)
    centre.made.append(name)
    ensure_database(centre.admin, name, "replica", replica_security())
    head = HeadThread(str(uuid.uuid4()), Meter, clock)
    aggregator = DataAggregator(
        device=device,
        replica=agent.database(name),
        gate=ConsentGate(
            agent.database(name), centre.settings.admin_server().database(name), threading.Lock()
        ),
        heads=[head],
        clock=clock,
        head_timeout_s=60,
    )
    _decide(page, name, device, "granted")
    granted = time.perf_counter()
    stored: list[float] = []
    begun = threading.Event()

    def measure() -> None:
        while True:
            Ticking.at += SLOT
            try:
                result = aggregator.measure(Ticking.at, ClockState.SYNCHRONIZED)
            except CouchError:
                continue  # as the agent does
            if result.stored:
                stored.append(time.perf_counter())
            if len(stored) == 3:
                begun.set()
            if result.consent is ConsentState.REVOKED:
                return

    thread = threading.Thread(target=measure)
    thread.start()
    assert begun.wait(WITHIN_S)
    rows.add("on the device: from the grant to the first measurement", stored[0] - granted)
    revoked = time.perf_counter()
    _decide(page, name, device, "revoked")
    answered = time.perf_counter()
    thread.join(WITHIN_S)
    assert not thread.is_alive()
    head.close()
    rows.add("on the device: from pressing revoke to the last measurement", stored[-1] - revoked)
    rows.add("on the device: from revoke's answer to the last measurement", stored[-1] - answered)


def _decide(page: Server, name: str, device: str, state: str) -> None:
    at, by = utc(Ticking.at), Author(role="participant", device=device)
    consent = Consent(state="granted" if state == "granted" else "revoked", at=at, by=by)
    try:
        page.database(name).put(consent.to_json())
    except Refused as err:
        raise AssertionError(f"the page may not decide: {err}") from err


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--households", type=int, default=100)
    count = parser.parse_args().households
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    rows = Rows()
    try:
        with bench_centre(count) as centre, centre.as_device() as device:
            with following(centre):
                for _ in range(count):
                    one_household(centre, device, rows)
            on_a_device(centre, count, rows)
    finally:
        rows.print()  # what was measured, also of a run that was interrupted


if __name__ == "__main__":
    main()
