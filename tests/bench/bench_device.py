"""What a device's own processes (agent and page, without the database) cost: memory and processor time.

A centre and a device with two simulated meters run on the real clock; all pages are read once a minute, and a
copy of the data is saved.
Memory is the resident set and the proportional set (what processes share counts once in all), in MB of 10**6
bytes.
The estimate for a Raspberry Pi 4 multiplies this machine's share of a core by 5, the ratio that single-core
benchmarks of CPython show between a current x86 server core and a Cortex-A72 at 1.5 GHz.

    python tests/bench/bench_device.py --seconds 600
"""

import argparse
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from couch.clock import Clock, slot_of
from couch.documents import Author, Consent
from couch.names import PAGE
from provisioning.demo.centre import DemoCentre
from provisioning.demo.device import DemoDevice
from provisioning.demo.households import ADA, household_file
from provisioning.demo.visitor import Visitor

PI_FACTOR = 5
FIRST_SLOT_AFTER = timedelta(seconds=30)
PAGES = (
    "/overview",
    "/measurements",
    "/measurements/day",
    "/measurements/year",
    "/consent",
    "/registration",
    "/registration/reports",
    "/data",
    "/data/copy",
    "/data/copy.zip",
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600)
    seconds = parser.parse_args().seconds
    began = slot_of(datetime.now(UTC)) + timedelta(minutes=15) - FIRST_SLOT_AFTER
    clock = Clock(epoch=began.timestamp(), wall0=time.time())
    environ = {"SURVEY_CLOCK": f"{clock.epoch!r},{clock.wall0!r},{clock.speed!r}"}
    with tempfile.TemporaryDirectory(prefix="bench-device-") as folder:
        centre = DemoCentre(Path(folder) / "centre", environ)
        centre.start()
        file = Path(folder) / "household.toml"
        file.write_text(household_file(ADA, None), encoding="utf-8")
        made = centre.add_household(file)
        (new,) = made.devices
        device = DemoDevice(Path(new.bundle), centre, environ, device=new.device, household=made.household)
        device.start()
        try:
            measure(device, clock, seconds)
        finally:
            device.stop()
            centre.stop()


def measure(device: DemoDevice, clock: Clock, seconds: float) -> None:
    consent = Consent(state="granted", at=clock.now().replace(microsecond=0), by=Author(role="participant"))
    device.replica(PAGE).put_once(consent.to_json())
    visitor = Visitor(device.page_url)
    visitor.send("/sign-in", {"code": device.code})
    processes = {"agent": psutil.Process(device.agent.pid), "page": psutil.Process(device.page.pid)}
    before = {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}
    peak = dict.fromkeys(processes, 0)
    ends = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < ends:
        for path in PAGES:
            visitor.read(path)
        for name, process in processes.items():
            peak[name] = max(peak[name], process.memory_info().rss)
        pause.wait(min(60.0, max(0.0, ends - time.monotonic())))
    rss_all = pss_all = cpu_all = 0.0
    print(f"{'process':8} {'RSS MB':>8} {'peak MB':>8} {'PSS MB':>8} {'CPU s':>7} {'of a core':>10}")
    for name, process in processes.items():
        memory = process.memory_full_info()
        cpu = sum(process.cpu_times()[:2]) - before[name]
        rss_all, pss_all, cpu_all = rss_all + memory.rss / 1e6, pss_all + memory.pss / 1e6, cpu_all + cpu
        print(
            f"{name:8} {memory.rss / 1e6:8.1f} {peak[name] / 1e6:8.1f} {memory.pss / 1e6:8.1f} "
            f"{cpu:7.2f} {cpu / seconds:10.3%}"
        )
    print(f"{'both':8} {rss_all:8.1f} {'':8} {pss_all:8.1f} {cpu_all:7.2f} {cpu_all / seconds:10.3%}")
    print(f"estimate for a Raspberry Pi 4 core: {PI_FACTOR * cpu_all / seconds:.2%}")


if __name__ == "__main__":
    main()
