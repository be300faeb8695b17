"""Weeks without network are normal: nothing is lost, nothing doubled, everything in order."""

from datetime import timedelta

import pytest

from provisioning.demo.checks import holes, slots_by_meter
from provisioning.demo.waiting import ids, wait_until

MEASUREMENTS = "measurement:"
THREE_DAYS = timedelta(days=3)


@pytest.mark.slow
def test_three_days_offline_and_then_everything_arrives_once_and_in_order(world_of) -> None:
    # A slot in 0.375 s: the waits inside a slot shrink likewise, and the gap ledger tells what a busy machine
    # missed.
    world = world_of(speed=2400.0, SURVEY_EDGE_CYCLE__PULL_TIMEOUT_S="0.05")
    world.grant()
    world.measured(world.central, 2)
    world.device.link.cut()
    back_at = world.clock.now() + THREE_DAYS
    wait_until(world.replica, lambda: world.clock.now() >= back_at, "three days' passing", within_s=150)
    offline = ids(world.replica, MEASUREMENTS)
    arrived_before = ids(world.central, MEASUREMENTS)
    waited = offline - arrived_before
    assert len(waited) > 100

    world.device.link.restore()
    wait_until(
        world.central,
        lambda: offline <= ids(world.central, MEASUREMENTS),
        "everything's arrival",
        within_s=120,
    )

    slots = slots_by_meter(ids(world.central, MEASUREMENTS) & offline)
    assert set(slots) == set(world.device.meters)
    covered = world.gap_slots()
    for meter, found in slots.items():
        assert max(found) - min(found) >= THREE_DAYS - timedelta(hours=6)
        assert [slot for slot in holes(found) if slot not in covered.get(meter, set())] == []
    order = [
        change.id
        for change in world.central.changes("0", limit=10_000).changes
        if change.id in waited and world.device.meters[0] in change.id
    ]
    assert order == sorted(order)
