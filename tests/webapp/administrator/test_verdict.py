"""The one sentence: the worst decides what it says."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from couch.documents import ConsentState, DeviceSummary, Lease, Parked, WorkerNote
from couch.worker_beats import Beat, WorkerSeen
from webapp.administrator.centre_state import CentreTrouble, centre_state
from webapp.administrator.fleet import Fleet, health_of
from webapp.administrator.thresholds import Thresholds
from webapp.administrator.verdict import verdict
from webapp.registry_copy import Snapshot

LIMITS = Thresholds()
WORKER = "5f000000-0000-4000-8000-0000000000ee"


def fleet(sample: Any, now: datetime, *devices: dict[str, Any]) -> Fleet:
    """A household for each device; well but for what is said of it."""
    households = {}
    for number, said in enumerate(devices):
        device = DeviceSummary(
            device=sample.device, name="x", **{"heard_at": now, "heartbeat_at": now, **said}
        )
        household = sample.summary(number, devices=(device,), consent=ConsentState.NOT_GRANTED)
        households[household.household] = (health_of(device, household, now, LIMITS),)
    return Fleet(version=1, at=now, households=households)


def centre(now: datetime, *, beat_at: datetime | None, parked: str = "", lag_s: float = 0) -> Any:
    note = WorkerNote(worker=WORKER, started_at=now)
    waits = Parked(household=WORKER, document=parked, document_rev="", reason="r", at=now)
    return centre_state(
        [WorkerSeen(note, Beat(count=1, at=beat_at, lag_s=lag_s))],
        [Lease(slice=0, owner=WORKER), Lease(slice=1, owner=None)],
        Snapshot(parked={waits.id: waits} if parked else {}),
        now,
        LIMITS,
    )


DAYS = timedelta(days=3)


@pytest.mark.parametrize(
    ("devices", "more", "expected"),
    [
        ([], {}, ("good", "No device is registered yet.", "They appear here with their household.")),
        ([{}, {}], {}, ("good", "All is well.", "2 devices are well.")),
        ([{}, {"conflicts": 1}], {}, ("good", "All is well.", "1 device is well. 1 device can be seen to")),
        ([{}, {"refused": 1}], {}, ("warn", "1 device needs somebody soon.", "1 device is well.")),
        ([{"refused": 1}, {"late": 1}], {}, ("bad", "1 device needs somebody now.", "1 more needs somebody")),
        ([{}], {"parked": "m"}, ("warn", "Documents are parked", "1 device is well.")),
        ([{}], {"lag_s": 900}, ("warn", "The worker is behind", "1 device is well.")),
        ([{"late": 1}], {"parked": "erasure"}, ("bad", "An erasure stands still", "Besides, 1 device")),
        ([{}], {"beat_ago": DAYS}, ("bad", "No worker is running", "1 device is well.")),
    ],
)
def test_the_worst_decides(sample: Any, now: datetime, devices: Any, more: Any, expected: Any) -> None:
    tone, sentence, detail = expected
    said = [{"heard_at": now - DAYS} if "late" in one else one for one in devices]
    more = dict(more)
    beat_at = now - more.pop("beat_ago", timedelta(0))
    found = verdict(fleet(sample, now, *said), centre(now, beat_at=beat_at, **more))
    assert (found.tone, found.sentence.startswith(sentence)) == (tone, True), found
    assert found.detail.startswith(detail), found


def test_a_worker_too_old_to_date_its_signs_of_life_is_taken_for_alive(now: datetime) -> None:
    state = centre(now, beat_at=None)
    assert (state.alive, state.free_slices, state.troubles) == (1, 1, ())
    silent = centre(now, beat_at=now - DAYS)
    assert (silent.alive, silent.free_slices) == (0, 2)
    assert silent.troubles == (CentreTrouble.NO_WORKER,)
