"""Weeks without network are normal: nothing is lost, nothing doubled, everything in order."""

import pytest

from provisioning.demo.checks import holes, slots_by_meter
from provisioning.demo.waiting import ids, wait_until

MEASUREMENTS = "measurement:"
THREE_DAYS = 3 * 96


@pytest.mark.slow
def test_three_days_offline_and_then_everything_arrives_once_and_in_order(world_of) -> None:
    world = world_of(speed=2400.0)  # a slot in 0.375 s
    world.grant()
    world.measured(world.central, 2)
    world.device.link.cut()
    held = len(ids(world.replica, MEASUREMENTS))
    meters = len(world.device.meters)
    offline = world.measured(world.replica, held + THREE_DAYS * meters, within_s=240)
    arrived_before = ids(world.central, MEASUREMENTS)
    assert len(offline - arrived_before) >= THREE_DAYS * meters - held

    world.device.link.restore()
    wait_until(
        world.central,
        lambda: offline <= ids(world.central, MEASUREMENTS),
        "everything's arrival",
        within_s=120,
    )

    slots = slots_by_meter(ids(world.central, MEASUREMENTS))
    covered = world.gap_slots()
    for meter, found in slots.items():
        assert len(found) == len(set(found))
        assert [slot for slot in holes(found) if slot not in covered.get(meter, set())] == []
    order = [
        change.id
        for change in world.central.changes("0", limit=10_000).changes
        if change.id.startswith(f"measurement:{world.device.meters[0]}")
        and change.id in offline - arrived_before
    ]
    assert order == sorted(order)
