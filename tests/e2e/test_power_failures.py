"""Power fails between any two lines: every slot is there exactly once, measured or in the gap ledger."""

import random
import threading

import pytest

from couch.research import measurements
from provisioning.demo.centre import READY
from provisioning.demo.checks import holes, slots_by_meter
from provisioning.demo.waiting import ids, wait_until

MEASUREMENTS = "measurement:"
KILLS = 20


@pytest.mark.slow
def test_twenty_kills_of_device_nodes_and_worker_lose_and_double_nothing(world_of) -> None:
    world = world_of(speed=900.0)  # a slot a second
    world.grant()
    world.measured(world.central, 2)
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    print(f"seed {seed}")
    victims = {
        "agent": (world.device.agent, "device "),
        "device's node": (world.device.node, READY),
        "centre's node": (world.centre.node, READY),
        "worker": (world.centre.worker, "following"),
    }
    never = threading.Event()
    for _ in range(KILLS):
        never.wait(chance.uniform(0.05, 1.5))  # the point of the kill is what is random here
        process, ready = victims[chance.choice(sorted(victims))]
        process.kill()
        process.start(ready)

    held = ids(world.replica, MEASUREMENTS)
    everything = world.measured(world.replica, len(held) + 2 * len(world.device.meters))
    wait_until(
        world.central,
        lambda: everything <= ids(world.central, MEASUREMENTS),
        "everything's arrival",
        within_s=90,
    )

    central = slots_by_meter(ids(world.central, MEASUREMENTS) & everything)
    assert set(central) == set(world.device.meters)
    covered = world.gap_slots()
    for meter, found in central.items():
        assert len(found) == len(set(found))
        gaps = covered.get(meter, set())
        assert gaps & set(found) == set()
        assert [slot for slot in holes(found) if slot not in gaps] == []
    for doc_id in everything:
        assert len(world.central.leaves(doc_id)) == 1

    admin = world.centre.administrator()
    slots = sorted({slot for found in central.values() for slot in found})
    month = admin.database(f"research-{slots[0]:%Y-%m}")

    def research_holds_all() -> bool:
        found = list(measurements(admin, slots[0], slots[-1]))
        wanted = sum(1 for each in central.values() for slot in each if slot < slots[-1])
        assert len(found) == len({(m.meter, m.slot) for m in found})
        return len(found) >= wanted

    wait_until(month, research_holds_all, "research's catching up", within_s=90)
