"""A whole survey in real processes for people with browsers: a centre, and a household's device that has
measured for some days; another household that was registered and never heard of.
"""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from browser_history import measurements
from browser_map import bring_invented_map

from couch.client import Database
from couch.clock import SLOT, Clock, slot_of
from couch.documents import Author, Consent, Report, stamp
from couch.names import AGENT, PAGE, REGISTRY, household_database, month_database
from couch.research import ensure_months
from provisioning.demo.centre import RESEARCHER, DemoCentre
from provisioning.demo.device import DemoDevice
from provisioning.demo.households import ADA, BEN, household_file
from provisioning.demo.waiting import ids, wait_until

EPOCH = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)  # a summer morning
SPEED = 60.0  # a slot in fifteen seconds: something happens, and pages hold still while they are looked at
DAYS = 8
WHOLE_DAY = EPOCH.date() - timedelta(days=1)
GAP_DAY = EPOCH.date() - timedelta(days=2)  # 06:00 to 11:00 UTC are missing, 08:00 to 13:00 on the clocks
_WITHIN_S = 120.0  # on a machine that is at other things, too
# The people with an account at the centre, by what they do; the researcher may export, too.
ROLES = {RESEARCHER: ("researcher", "analyst"), "administrator": ("administrator",), "analyst": ("analyst",)}
PARTICIPANT = "participant"


@dataclass
class World:
    """`household` granted its consent `DAYS` ago and has measured since; `silent` never reported."""

    folder: Path
    clock: Clock
    centre: DemoCentre
    device: DemoDevice
    silent: str
    silent_device: str
    invitation: str  # path of a link by which nobody has set a password yet
    passwords: Mapping[str, str] = field(default_factory=dict)

    @property
    def centre_url(self) -> str:
        return self.centre.pages_url

    @property
    def device_url(self) -> str:
        return self.device.page_url

    @property
    def household(self) -> str:
        return self.device.household

    @property
    def central(self) -> Database:
        """The household's database at the centre, as the engine's administrator."""
        return self.centre.administrator().database(household_database(self.household))

    @property
    def registry(self) -> Database:
        return self.centre.administrator().database(REGISTRY)

    @property
    def replica(self) -> Database:
        return self.device.replica(AGENT)

    def secret_of(self, role: str) -> dict[str, str]:
        """What a person in that role types to sign in."""
        if role == PARTICIPANT:
            return {"code": self.device.code}
        return {"name": role, "password": self.passwords[role]}

    def stop(self) -> None:
        self.device.stop()
        self.centre.stop()


def start_world(folder: Path) -> World:
    """All of it, once what was measured has reached the centre and its copy for research."""
    clock = Clock(epoch=EPOCH.timestamp(), wall0=time.time(), speed=SPEED)
    environ = {"SURVEY_CLOCK": f"{clock.epoch!r},{clock.wall0!r},{clock.speed!r}"}
    centre = DemoCentre(folder / "centre", environ)
    try:
        centre.start()
        bring_invented_map(folder, centre.config, environ)
        passwords = {RESEARCHER: centre.password}
        for name in ROLES.keys() - passwords.keys():
            passwords[name] = centre.add_account(name, *ROLES[name])
        made = centre.add_household(registration_file(folder, ADA))
        (new,) = made.devices
        device = DemoDevice(Path(new.bundle), centre, environ, device=new.device, household=made.household)
        silent = centre.add_household(registration_file(folder, BEN))
        invitation = centre.invite("newcomer", "analyst")
    except BaseException:
        centre.stop()
        raise
    world = World(
        folder, clock, centre, device, silent.household, silent.devices[0].device, invitation, passwords
    )
    try:
        device.start()
        replica = world.replica
        wait_until(
            replica, lambda: bool(ids(replica, "registration")), "the registration", within_s=_WITHIN_S
        )
        _measure(world)
    except BaseException:
        world.stop()
        raise
    return world


def registration_file(folder: Path, name: str) -> Path:
    """What `survey household add` reads of a household of the demo."""
    file = folder / f"{name}.toml"
    file.write_text(household_file(name, None), encoding="utf-8")
    return file


def _measure(world: World) -> None:
    """Consent of some days ago and what was measured since, with a morning that is missing; and a report."""
    now = slot_of(world.clock.now())
    ensure_months(world.centre.administrator(), [now])  # so that the copy for research can be waited for
    begin = (now - timedelta(days=DAYS)).replace(hour=6, minute=0)
    consent = Consent(state="granted", at=begin, by=Author(role="participant", device=world.device.device))
    mistake = Report(report=str(uuid.uuid4()), at=now, text="We have had a heat pump since March.")
    for said in (consent, mistake):
        world.device.replica(PAGE).put_once(said.to_json())
    gap_begin = datetime(GAP_DAY.year, GAP_DAY.month, GAP_DAY.day, 6, tzinfo=UTC)
    gap = (gap_begin, gap_begin + timedelta(hours=5))
    end = now - SLOT
    told = measurements(world.device.device, world.device.meters, begin=begin, end=end, gap=gap)
    docs = [one.to_json() for one in told]
    wait_until(
        world.replica,
        lambda: _takes(world, docs[0]),
        "the device's taking measurements",
        within_s=_WITHIN_S,
    )
    failed = [result for result in world.replica.bulk(docs[1:]) if result.error]
    assert not failed, failed[:3]
    sent = {str(doc["_id"]) for doc in docs}
    wait_until(
        world.central,
        lambda: sent <= ids(world.central, "measurement:"),
        "the arrival of what was measured",
        within_s=_WITHIN_S,
    )
    month = world.centre.administrator().database(month_database(begin))
    later = f"measurement:{stamp(end)}"  # what the device itself has measured meanwhile
    wait_until(
        month,
        lambda: sum(doc_id < later for doc_id in ids(month, "measurement:")) == len(docs),
        "the copy for research",
        within_s=_WITHIN_S,
    )


def _takes(world: World, doc: dict[str, object]) -> bool:
    """Whether the device takes a measurement: its agent has seen the grant."""
    (result,) = world.replica.bulk([doc])
    return result.error is None or result.error == "conflict"
