"""`survey household`: the households that take part."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from provisioning.household_creation import CreatedHousehold

FILE = click.Path(dir_okay=False, path_type=Path)
config_option = click.option(
    "--config", type=FILE, required=True, help="The centre's settings, for example centre.toml."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Answer with JSON, for scripts.")
out_option = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the devices' bundles; without it, `bundles` beside FILE.",
)
PART_OPTIONS = (
    click.option("--device", "devices", multiple=True, metavar="'name=...'", help="A device; repeatable."),
    click.option(
        "--meter",
        "meters",
        multiple=True,
        metavar="'name=... meter_type=... model=... device=... head=...'",
        help="A meter and what reads it; repeatable.",
    ),
    click.option(
        "--pv-system",
        "pv_systems",
        multiple=True,
        metavar="'name=... nominal_power_kw=... azimuth_deg=... tilt_deg=... installed_on=... meters=...'",
        help="A photovoltaic system; meters=a+b names its generation meters; repeatable.",
    ),
)


def part_options(command: Any) -> Any:
    """The options for devices, meters and systems."""
    for option in reversed(PART_OPTIONS):
        command = option(command)
    return command


@click.group()
def household() -> None:
    """The households that take part."""


@household.command()
@click.argument("file", type=FILE)
@config_option
@out_option
@json_option
@click.option("--contact-name", help="Who takes part.")
@click.option("--email", help="Of the same person; it stands in the devices' certificates.")
@click.option("--street")
@click.option("--house-number")
@click.option("--postal-code", help="Five digits.")
@click.option("--city")
@click.option("--children", type=int)
@click.option("--adults", type=int)
@click.option("--adults-with-job", type=int)
@click.option("--ev-charger/--no-ev-charger", default=None)
@click.option("--heat-pump/--no-heat-pump", default=None)
@click.option("--home-battery/--no-home-battery", default=None)
@click.option("--latitude", type=float, help="Degrees north, WGS 84.")
@click.option("--longitude", type=float, help="Degrees east.")
@part_options
def add(file: Path, config: Path, out: Path | None, as_json: bool, **given: Any) -> None:
    """Register the household that FILE (TOML or JSON) describes, and make the bundles of its devices.

    Options stand for FILE, or for parts of it; made uuids are kept beside FILE. Running it again completes
    what an interruption left, and makes new bundles where codes have ended.

    \b
    Examples:
      survey household add home.toml --config centre.toml
      survey household add ada --config centre.toml --contact-name "Ada Example" ... \\
        --device name=cellar --meter "name=grid device=cellar meter_type=ELECTRICITY model=MT175"
    """
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415 - `survey --help` stays light
    from provisioning.household_creation import create_household  # noqa: PLC0415
    from provisioning.household_file import read_household_file  # noqa: PLC0415
    from provisioning.onboarding import opened_onboarding  # noqa: PLC0415

    entries = read_household_file(file, _household_table(given))
    settings = load_centre_settings(config, os.environ)
    with opened_onboarding(settings, out or file.parent / "bundles") as onboarding:
        created = create_household(
            file,
            entries,
            admin=onboarding.admin,
            worker=onboarding.worker,
            bundles=onboarding.bundles,
        )
    tell(created, as_json=as_json)


def _household_table(given: dict[str, Any]) -> dict[str, Any]:
    from provisioning.household_options import without_absent  # noqa: PLC0415

    def some(*names: str) -> dict[str, Any]:
        return {name: given[name] for name in names}

    return without_absent(
        {
            "contact": {"name": given["contact_name"], "email": given["email"]},
            "address": some("street", "house_number", "postal_code", "city"),
            "metadata": some(
                "children", "adults", "adults_with_job", "ev_charger", "heat_pump", "home_battery"
            ),
            "location": some("latitude", "longitude"),
            **parts_table(given),
        }
    )


def parts_table(given: dict[str, Any]) -> dict[str, Any]:
    """The tables of devices, meters and systems that options name."""
    from provisioning.household_options import entries  # noqa: PLC0415

    names = {"devices": "--device", "meters": "--meter", "pv_systems": "--pv-system"}
    return {name: entries(option, given[name]) for name, option in names.items()}


def tell(created: "CreatedHousehold", *, as_json: bool) -> None:
    """Say what was made."""
    if as_json:
        click.echo(json.dumps(_as_json(created)))
        return
    click.echo(f"household {created.ids.household}: {created.written} documents written")
    for name, meter in created.ids.meters.items():
        click.echo(f"meter     {meter}  {name}")
    for name, system in created.ids.pv_systems.items():
        click.echo(f"pv system {system}  {name}")
    for device in created.devices:
        click.echo(f"device    {device.device}  {device.name}: {device.handed.in_words()}")
    for document in created.left:
        click.echo(f"left as it stands, it was changed since: {document}")


def _as_json(created: "CreatedHousehold") -> dict[str, object]:
    return {
        "household": created.ids.household,
        "meters": dict(created.ids.meters),
        "pv_systems": dict(created.ids.pv_systems),
        "devices": [
            {"name": device.name, "device": device.device, **device.handed.to_json()}
            for device in created.devices
        ],
        "written": created.written,
        "left": list(created.left),
    }
