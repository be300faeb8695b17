"""Days without a network: nothing is lost, nothing is doubled, the order stays."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from couch.documents import ConsentState
from edge.data_aggregator import DataAggregator
from edge.heartbeat import Vitals
from edge.transmission import TransmissionSession

NOWHERE = "http://127.0.0.1:9"  # the discard port: refused at once
THREE_DAYS = 3 * 96


def test_three_days_offline_arrive_once_and_in_order(make_site: Callable[..., Any]) -> None:
    site = make_site()
    site.consent("granted")
    aggregator = site.aggregator()
    offline = site.with_centre(NOWHERE)
    silent = TransmissionSession(offline.links, site.clock, Vitals())
    for number in range(1, THREE_DAYS + 1):
        site.measure(aggregator, number)
        if number % 32 == 0:
            assert not silent.transmit()
    site.worker_raises(ConsentState.GRANTED)
    vitals = Vitals()
    back = TransmissionSession(site.links, site.clock, vitals)
    assert back.transmit()
    assert back.transmit()
    assert site.slots(site.centre) == list(range(1, THREE_DAYS + 1))
    changes = site.centre.changes(limit=10_000, include_docs=False).changes
    arrived = [change for change in changes if change.id.startswith("measurement:")]
    assert [change.id for change in arrived] == sorted(change.id for change in arrived)
    assert all(len(change.revs) == 1 for change in arrived)
    assert vitals.backlog == 0


def test_two_agents_at_once_write_one_document(make_site: Callable[..., Any]) -> None:
    site = make_site(meters=2)
    site.consent("granted")
    both = [site.aggregator(), site.aggregator()]
    start = threading.Barrier(2)

    def run(aggregator: DataAggregator, number: int) -> None:
        start.wait(20)
        site.measure(aggregator, number)

    for number in range(1, 6):
        threads = [threading.Thread(target=partial(run, each, number)) for each in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert site.slots(site.replica) == [1, 2, 3, 4, 5]
    for change in site.replica.changes(include_docs=False).changes:
        assert len(change.revs) == 1


def test_a_restarted_device_finds_what_it_stored(site: Any) -> None:
    site.consent("granted")
    site.measure(site.aggregator(), 1)
    site.replica.put_local("cycle", {})
    site.measure(site.aggregator(), 1)
    site.measure(site.aggregator(), 4)
    assert site.slots(site.replica) == [1, 4]
    gaps = [doc["cause"] for doc in site.replica.documents(start="gap:", end="gap:~")]
    assert gaps == ["device_off"]
