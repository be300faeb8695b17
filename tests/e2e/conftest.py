"""A whole survey in real processes: a centre and one device, on a virtual clock."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from couch.client import Database
from couch.clock import Clock
from couch.documents import Author, Consent, Gap
from couch.names import AGENT, PAGE, household_database
from provisioning.demo.centre import DemoCentre
from provisioning.demo.checks import holes
from provisioning.demo.device import DemoDevice
from provisioning.demo.households import ADA, household_file
from provisioning.demo.waiting import ids, wait_until

EPOCH = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
MEASUREMENTS = "measurement:"


@dataclass
class World:
    """A centre and one device that runs, registered, without consent yet."""

    folder: Path
    clock: Clock
    environ: Mapping[str, str]
    centre: DemoCentre
    device: DemoDevice

    @property
    def central(self) -> Database:
        """The household's database at the centre, as the engine's administrator."""
        return self.centre.administrator().database(household_database(self.device.household))

    @property
    def replica(self) -> Database:
        return self.device.replica(AGENT)

    def grant(self) -> None:
        """The participant grants consent, on the device."""
        consent = Consent(
            state="granted",
            at=self.clock.now().replace(microsecond=0),
            by=Author(role="participant", device=self.device.device),
        )
        self.device.replica(PAGE).put_once(consent.to_json())

    def measured(self, database: Database, count: int, *, within_s: float = 60.0) -> set[str]:
        """Wait until `database` holds `count` measurements; their ids then."""
        enough = partial(_holds, database, count)
        wait_until(database, enough, f"{count} measurements in {database.name}", within_s=within_s)
        return ids(database, MEASUREMENTS)

    def gap_slots(self) -> dict[str, set[datetime]]:
        """The slots that the device's gap ledger explains, by meter."""
        covered: dict[str, set[datetime]] = {}
        for doc in self.replica.documents(start="gap:", end="gap;"):
            gap = Gap.from_json(doc)
            ends = (gap.from_slot, gap.to_slot)
            covered.setdefault(gap.meter, set()).update((*ends, *holes(ends)))
        return covered


def _holds(database: Database, count: int) -> bool:
    return len(ids(database, MEASUREMENTS)) >= count


@pytest.fixture
def world_of(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Builds a World; `speed`: survey seconds in a real one, `household`: text of the household file."""
    started: list[World] = []

    def build(*, speed: float = 450.0, household: str | None = None, **environ: str) -> World:
        clock = Clock(epoch=EPOCH.timestamp(), wall0=time.time(), speed=speed)
        shared = {"SURVEY_CLOCK": f"{clock.epoch!r},{clock.wall0!r},{clock.speed!r}", **environ}
        centre = DemoCentre(tmp_path / "centre", shared)
        centre.start()
        file = tmp_path / "household.toml"
        file.write_text(household_file(ADA, None) if household is None else household, encoding="utf-8")
        made = centre.add_household(file)
        (new,) = made.devices
        device = DemoDevice(Path(new.bundle), centre, shared, device=new.device, household=made.household)
        world = World(tmp_path, clock, shared, centre, device)
        started.append(world)
        device.start()
        wait_until(world.replica, lambda: bool(ids(world.replica, "registration")), "the registration")
        return world

    yield build
    for world in started:
        world.device.stop()
        world.centre.stop()
