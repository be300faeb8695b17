"""The whole way: bytes of a telegram go in at the head, a row of the export comes out."""

import csv
from pathlib import Path

import pytest

from couch.clock import SLOT, to_rfc3339
from couch.documents import ResearchMeasurement
from couch.research import measurements
from edge.sml_encoder import SentEntry, encode_telegram
from provisioning.demo.checks import slots_by_meter
from provisioning.demo.households import ADA, household_file
from provisioning.demo.processes import run_once
from provisioning.demo.waiting import wait_until

SERVER_ID = bytes.fromhex("0a0146414b4500000001")
IMPORT = SentEntry(obis="0100010800ff", value=123456789, scaler=-1, unit="Wh")
EXPORT = SentEntry(obis="0100020800ff", value=424242, scaler=0, unit="Wh")
POWER = SentEntry(obis="0100100700ff", value=-150025, scaler=-2, unit="W")


def household_that_replays(capture: Path) -> str:
    grid, _, rest = household_file(ADA, None).partition("[[pv_systems]]")
    simulated = 'head = "sim://grid?seed=11&pv_kw=8&battery_kwh=10"'
    assert simulated in grid
    return grid.replace(simulated, f'head = "replay://{capture}?loop=1"') + "[[pv_systems]]" + rest


@pytest.mark.slow
def test_a_telegram_goes_in_and_its_values_come_out_as_a_row_of_the_export(world_of, tmp_path: Path) -> None:
    capture = tmp_path / "capture.bin"
    capture.write_bytes(
        b"".join(
            encode_telegram(SERVER_ID, [IMPORT, EXPORT, POWER], seconds=1000 + n, transaction=n)
            for n in range(3)
        )
    )
    world = world_of(household=household_that_replays(capture))
    world.grant()
    found = world.measured(world.central, 4)
    slots = sorted({slot for each in slots_by_meter(found).values() for slot in each})
    admin = world.centre.administrator()
    begin, end = slots[0], slots[0] + SLOT
    month = admin.database(f"research-{begin:%Y-%m}")
    wait_until(
        month_when_there(admin, month), lambda: len(of(admin, begin, end)) == 2, "both meters in research"
    )

    out = tmp_path / "export"
    period = ["--from", to_rfc3339(begin), "--to", to_rfc3339(end)]
    run_once(
        ["export", *period, "--format", "csv", "--out", str(out), "--config", str(world.centre.web_config)],
        world.environ,
    )
    with next(out.glob("*.csv")).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    sent = {
        (entry.obis, str(entry.value), str(entry.scaler), entry.unit) for entry in (IMPORT, EXPORT, POWER)
    }
    assert sent <= {(row["obis"], row["value"], row["scaler"], row["unit"]) for row in rows}
    assert {row["slot"] for row in rows} == {to_rfc3339(begin)}
    text = next(out.glob("*.csv")).read_text(encoding="utf-8")
    for secret in (world.device.household, world.device.device, *world.device.meters, "Ada", SERVER_ID.hex()):
        assert secret not in text


def of(admin, begin, end) -> list[ResearchMeasurement]:
    return list(measurements(admin, begin, end))


def month_when_there(admin, month):
    """The month's database, once the worker has made it (woken by the registry, which it writes too)."""
    registry = admin.database("registry")
    wait_until(registry, month.exists, "the month in research")
    return month
