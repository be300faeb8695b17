"""A device forgets what is old, and of that only what the centre is shown to hold."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from couch.clock import SLOT
from couch.documents import ConsentState
from edge.heartbeat import Vitals
from edge.pruning import prune
from edge.transmission import TransmissionSession

DAY = 96  # slots


@pytest.fixture
def here(site: Any) -> Any:
    """A device that takes part and has measured on four days, with a gap on the first."""
    site.consent("granted")
    site.worker_raises(ConsentState.GRANTED)
    aggregator = site.aggregator()
    for number in (1, 2, 5, DAY, 2 * DAY, 3 * DAY):
        site.measure(aggregator, number)
    return site


def transmit(site: Any, keep_days: int | None) -> None:
    settings = msgspec.structs.replace(site.settings, keep_days=keep_days)
    assert TransmissionSession(site.with_settings(settings).links, site.clock, Vitals()).transmit()


def gaps(site: Any) -> list[str]:
    return [doc["_id"] for doc in site.replica.documents(start="gap:", end="gap:~")]


def test_without_the_setting_everything_stays(here: Any) -> None:
    transmit(here, None)
    assert here.slots(here.replica) == [1, 2, 5, DAY, 2 * DAY, 3 * DAY]


def test_what_the_centre_holds_and_is_old_goes_without_a_trace(here: Any) -> None:
    before = gaps(here)
    transmit(here, 2)
    assert here.slots(here.replica) == [DAY, 2 * DAY, 3 * DAY]
    assert gaps(here) == before[2:]  # slots 3 to 4 and 6 to 95 were the others
    assert here.slots(here.centre) == [1, 2, 5, DAY, 2 * DAY, 3 * DAY]
    changes = here.replica.changes(include_docs=False).changes
    assert not any(change.deleted for change in changes)
    transmit(here, 2)
    assert here.slots(here.centre) == [1, 2, 5, DAY, 2 * DAY, 3 * DAY]


def test_what_the_centre_lacks_stays_however_old(here: Any) -> None:
    transmit(here, None)
    doc = here.centre.get(f"measurement:{here.settings.meters[0].meter}:2026-03-01T00:30:00Z")
    here.centre.purge({doc["_id"]: [doc["_rev"]]})
    prune(here.device, here.links.administered(), here.clock.now())
    assert here.slots(here.replica) == [2, 3 * DAY]


def test_another_revision_at_the_centre_is_not_the_same_document(here: Any) -> None:
    transmit(here, None)
    doc_id = f"measurement:{here.settings.meters[0].meter}:2026-03-01T00:15:00Z"
    stands = here.centre.get(doc_id)
    other = {key: value for key, value in stands.items() if key != "_rev"}
    here.centre.purge({doc_id: [stands["_rev"]]})
    other["measured_at"] = "2026-03-01T00:15:01Z"
    here.device.put(other)
    prune(here.device, here.links.administered(), here.clock.now())
    assert 1 in here.slots(here.replica)


def test_slots_that_were_forgotten_are_no_gaps_when_the_ledger_is_lost(here: Any) -> None:
    transmit(here, 2)
    before = gaps(here)
    here.replica.put_local("cycle", {})
    type(here.clock).at += SLOT
    here.measure(here.aggregator(), 3 * DAY + 1)
    assert gaps(here) == before


def test_pruning_nothing_changes_nothing(here: Any) -> None:
    assert prune(here.device, here.links.administered(), here.clock.now() - timedelta(days=30)) == 0
