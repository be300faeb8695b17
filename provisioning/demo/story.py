"""The script of the demo: every step does something with the real commands and checks what came of it."""

import contextlib
import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from couch.client import Database
from couch.clock import SLOT, Clock, slot_of, to_rfc3339
from couch.documents import HouseholdSummary, Measurement, Reading, TimeProvenance
from couch.errors import Fault, Refused
from couch.names import AGENT, REGISTRY, household_database
from couch.research import measurements
from provisioning.demo.centre import RESEARCHER, DemoCentre
from provisioning.demo.checks import holes, slots_by_meter
from provisioning.demo.device import DemoDevice
from provisioning.demo.households import ADA, BEN, household_file
from provisioning.demo.narrator import Narrator
from provisioning.demo.processes import run_once
from provisioning.demo.visitor import Visitor
from provisioning.demo.waiting import ids, wait_until

STEPS = 8
_SLOTS_BEFORE_THE_CUT = 2
_SLOTS_WITHOUT_NETWORK = 3
_MEASUREMENTS = "measurement:"


@dataclass
class Story:
    """The demo's actors; `environ` holds the virtual clock that all processes share.

    `run` raises Fault at the first check that fails.
    """

    folder: Path
    clock: Clock
    environ: Mapping[str, str]
    replay: Path | None
    tell: Narrator
    devices: dict[str, DemoDevice] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.centre = DemoCentre(self.folder / "centre", self.environ)
        self.began = slot_of(self.clock.now())

    def run(self) -> None:
        """All steps, one after the other."""
        self._centre_starts()
        self._households_are_created()
        self._refused_before_the_grant()
        self._granted()
        self._measured()
        self._cut_and_restored()
        self._status()
        self._exported()

    def stop(self) -> None:
        """End every process that was started."""
        for device in self.devices.values():
            device.stop()
        self.centre.stop()

    def at_centre(self, name: str) -> Database:
        """The household's central database, as the engine's administrator."""
        return self.centre.administrator().database(household_database(self.devices[name].household))

    def _centre_starts(self) -> None:
        self.tell.step("The centre starts: its database, the worker, the researchers' pages")
        self.centre.start()
        self.tell.seen(f"the pages answer at {self.centre.pages_url}")

    def _households_are_created(self) -> None:
        self.tell.step("A researcher registers two households; their devices are switched on")
        for name in (ADA, BEN):
            file = self.folder / f"{name}.toml"
            file.write_text(household_file(name, self.replay), encoding="utf-8")
            made = self.centre.add_household(file)
            (new,) = made.devices
            self.devices[name] = DemoDevice(
                Path(new.bundle), self.centre, self.environ, device=new.device, household=made.household
            )
            self.tell.seen(f"{name.title()}'s device joined with its bundle and got a certificate")
        for name, device in self.devices.items():
            device.start()
            _arrives(device.replica(), "registration", f"the registration at {name.title()}'s device")
            self.tell.seen(f"{name.title()}'s device has its registration; its page: {device.page_url}")

    def _refused_before_the_grant(self) -> None:
        self.tell.step("Before consent is granted, nothing is measured and nothing accepted")
        device = self.devices[ADA]
        document = self._made_up(device).to_json()
        with contextlib.suppress(Refused):
            device.replica(AGENT).put(document)
            raise Fault("the device's database took a measurement without consent")
        self.tell.seen("the device's database refused a measurement")
        central = device.at_centre().database(household_database(device.household))
        (outcome,) = central.bulk([document])
        if outcome.error is None:
            raise Fault("the centre took a measurement without consent")
        self.tell.seen(f"the centre refused it too: {outcome.reason}")
        for name, device in self.devices.items():
            _arrives(self.at_centre(name), "heartbeat:", f"the heartbeat of {name.title()}'s device")
            if ids(device.replica(), _MEASUREMENTS):
                raise Fault(f"{name.title()}'s device measured without consent")
        self.tell.seen("the devices have passed a slot and measured nothing")

    def _granted(self) -> None:
        self.tell.step("Both households grant their consent on the page of their device")
        for name, device in self.devices.items():
            visitor = Visitor(device.page_url)
            visitor.send("/sign-in", {"code": device.code})
            visitor.send("/consent/granted", {"sure": "yes"})
            seconds = _arrives(self.at_centre(name), "consent:granted", f"{name.title()}'s grant")
            self.tell.seen(f"{name.title()}'s grant reached the centre after {seconds:.1f} s")

    def _measured(self) -> None:
        self.tell.step("Meters are read in every 15-minute slot; measurements reach the centre")
        for name, device in self.devices.items():
            central = self.at_centre(name)
            enough = partial(_holds, central, _SLOTS_BEFORE_THE_CUT * len(device.meters))
            wait_until(central, enough, f"the arrival of {name.title()}'s measurements")
            found = ids(central, _MEASUREMENTS)
            newest = Measurement.from_json(central.get(max(found)))
            self.tell.seen(f"{len(found)} measurements of {name.title()}'s are at the centre, such as")
            for reading in newest.data:
                value = f"{reading.quantity} {reading.unit or ''}"
                self.tell.fact(f"{to_rfc3339(newest.slot)}  {reading.obis}  {value}")

    def _cut_and_restored(self) -> None:
        device, central = self.devices[ADA], self.at_centre(ADA)
        replica = device.replica()
        self.tell.step("The network between Ada's device and the centre is cut, and comes back")
        device.link.cut()
        before, held = ids(central, _MEASUREMENTS), ids(replica, _MEASUREMENTS)
        enough = partial(_holds, replica, len(held) + _SLOTS_WITHOUT_NETWORK * len(device.meters))
        wait_until(replica, enough, "measuring without network")
        offline = ids(replica, _MEASUREMENTS)
        if ids(central, _MEASUREMENTS) - before:
            raise Fault("measurements reached the centre through a network that was cut")
        self.tell.seen(f"cut: the device measured on, {len(offline - before)} measurements wait on it")
        device.link.restore()
        seconds = wait_until(
            central, lambda: offline <= ids(central, _MEASUREMENTS), "the arrival of what had waited"
        )
        self.tell.seen(f"restored: all of them arrived after {seconds:.1f} s")
        slots = slots_by_meter(ids(central, _MEASUREMENTS))
        lost = {meter: holes(found) for meter, found in slots.items()}
        if any(lost.values()) or len(slots) != len(device.meters):
            raise Fault(f"slots are missing at the centre: {lost}")
        self.tell.seen(f"each of {sum(map(len, slots.values()))} slots is there once, none is missing")

    def _status(self) -> None:
        self.tell.step("The state of replication, as the researchers see it")
        registry = self.centre.administrator().database(REGISTRY)
        for name, device in self.devices.items():
            newest = _newest_slot(self.at_centre(name))
            caught_up = partial(_summary_has, registry, device.household, newest)
            wait_until(registry, caught_up, f"the registry's catching up with {name.title()}")
        visitor = Visitor(self.centre.pages_url)
        page = visitor.send("/sign-in", {"name": RESEARCHER, "password": self.centre.password})
        for device in self.devices.values():
            summary = HouseholdSummary.from_json(registry.get(f"household:{device.household}"))
            if summary.name is None or summary.name not in page:
                raise Fault(f"the list of households does not show {summary.name}")
            self.tell.seen(
                f"{summary.name}: consent {summary.consent}, newest slot {summary.last_slot:%H:%M} UTC, "
                f"{sum(entry.backlog or 0 for entry in summary.devices)} waiting on the device, "
                f"{sum(entry.refused for entry in summary.devices)} refused"
            )

    def _exported(self) -> None:
        self.tell.step("An export is written")
        end = min(_newest_slot(self.at_centre(name)) for name in self.devices)
        out = self.folder / "export"
        period = ["--from", to_rfc3339(self.began), "--to", to_rfc3339(end)]
        target = ["--format", "csv", "--out", str(out), "--config", str(self.centre.web_config)]
        run_once(["export", *period, *target], self.environ)
        expected = sum(
            len(found.data) for found in measurements(self.centre.administrator(), self.began, end)
        )
        described = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
        (data,) = described["resources"]
        with (out / data["path"]).open(encoding="utf-8", newline="") as stream:
            rows = sum(1 for _ in csv.DictReader(stream))
        if not rows or rows != expected:
            raise Fault(f"the export holds {rows} rows, the research databases {expected}")
        self.tell.seen(f"{rows} rows in {out / data['path']}, described by datapackage.json beside it")
        alike = described["anonymity"]
        self.tell.seen(
            f"it holds {alike['households']} households: the demo lets {alike['threshold']} go out, a survey "
            "of real people asks for 5 that are alike, or for what its researchers set"
        )

    def _made_up(self, device: DemoDevice) -> Measurement:
        slot = slot_of(self.clock.now()) - SLOT
        return Measurement(
            meter=device.meters[0],
            measured_at=slot,
            slot=slot,
            device=device.device,
            data=(Reading(obis="0100010800ff", value=1, scaler=0, unit="Wh"),),
            time=TimeProvenance(source="synchronized"),
        )


def _arrives(database: Database, prefix: str, what: str) -> float:
    return wait_until(database, lambda: bool(ids(database, prefix)), what)


def _holds(database: Database, count: int) -> bool:
    return len(ids(database, _MEASUREMENTS)) >= count


def _newest_slot(central: Database) -> datetime:
    return max(max(slots) for slots in slots_by_meter(ids(central, _MEASUREMENTS)).values())


def _summary_has(registry: Database, household: str, slot: datetime) -> bool:
    doc = registry.find(f"household:{household}")
    last = HouseholdSummary.from_json(doc).last_slot if doc else None
    return last is not None and last >= slot
