"""`survey device`: the devices of the households, from their invitation to their end."""

import json
import os
from pathlib import Path
from typing import Any

import click

from provisioning.household_commands import (
    FILE,
    config_option,
    json_option,
    out_option,
    part_options,
    parts_table,
    tell,
)

_REASONS = ("key_compromise", "cessation_of_operation", "privilege_withdrawn", "unspecified")


@click.group()
def device() -> None:
    """The devices of the households: add, replace, revoke, list."""


@device.command()
@click.argument("household")
@click.argument("file", type=FILE)
@config_option
@out_option
@json_option
@part_options
def add(household: str, file: Path, config: Path, out: Path | None, as_json: bool, **given: Any) -> None:
    """Add the devices, meters and systems that FILE or options name to HOUSEHOLD, and make their bundles.

    FILE is as for `survey household add`, without the people; made uuids are kept beside it. Running it again
    completes what an interruption left, and makes new bundles where codes have ended.

    \b
    Example:
      survey device add 2f1e6b0c-0d3a-4b7e-9a51-5c0f7d1f2a33 attic --config centre.toml \\
        --device name=attic --meter "name=roof device=attic meter_type=PV_GENERATION model=MT175"
    """
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415 - `survey --help` stays light
    from provisioning.ca.names import checked_uuid  # noqa: PLC0415
    from provisioning.household_creation import add_devices  # noqa: PLC0415
    from provisioning.household_file import read_devices_file  # noqa: PLC0415
    from provisioning.household_options import without_absent  # noqa: PLC0415
    from provisioning.onboarding import opened_onboarding  # noqa: PLC0415

    entries = read_devices_file(file, without_absent(parts_table(given)))
    checked_uuid(household, "household")
    settings = load_centre_settings(config, os.environ)
    with opened_onboarding(settings, out or file.parent / "bundles") as onboarding:
        created = add_devices(file, entries, household, worker=onboarding.worker, bundles=onboarding.bundles)
    tell(created, as_json=as_json)


@device.command()
@click.argument("old")
@config_option
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("bundles"),
    show_default=True,
    help="Folder of the new device's bundle.",
)
@click.option(
    "--meter",
    "meters",
    multiple=True,
    metavar="'meter=UUID head=... protocol=...'",
    help="Where a meter is plugged in, if it is known here; repeatable.",
)
@click.option("--local-url", default="http://127.0.0.1:5984", show_default=True, help="Of its database.")
@json_option
def replace(
    *, old: str, config: Path, out: Path, meters: tuple[str, ...], local_url: str, as_json: bool
) -> None:
    """Put a new device in the place of the broken device OLD, whose certificates end.

    The meters and their history stay. Running it again completes it.

    \b
    Example:
      survey device replace 7c9e6679-7425-40de-944b-e07fc1f90ae7 --config centre.toml
    """
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415
    from provisioning.ca.authority import real_time  # noqa: PLC0415
    from provisioning.device_replacement import replace_device  # noqa: PLC0415
    from provisioning.household_options import placed_meters  # noqa: PLC0415
    from provisioning.onboarding import opened_onboarding, opened_signer  # noqa: PLC0415

    heads = placed_meters(meters)
    settings = load_centre_settings(config, os.environ)
    with opened_signer(settings, os.environ) as signer, opened_onboarding(settings, out) as onboarding:
        done = replace_device(onboarding, old, now=real_time(), heads=heads, local_url=local_url)
        published = signer is not None and bool(signer.crl())
    if as_json:
        told = {
            "household": done.household,
            "old": done.old,
            "device": done.new.device,
            "name": done.new.name,
            "meters": list(done.meters),
            "revoked": list(done.revoked),
            "crl": published,
            **done.new.handed.to_json(),
        }
        click.echo(json.dumps(told))
        return
    click.echo(f"device    {done.new.device}  {done.new.name}: {done.new.handed.in_words()}")
    click.echo(f"it reads {len(done.meters)} meter(s); {len(done.revoked)} certificate(s) of {old} revoked")
    _tell_crl(published)


@device.command()
@click.argument("device")
@config_option
@click.option("--reason", type=click.Choice(_REASONS), default="unspecified", show_default=True)
@json_option
def revoke(device: str, config: Path, reason: Any, as_json: bool) -> None:
    """Let the centre refuse DEVICE from the next request on, for good.

    \b
    Example:
      survey device revoke 7c9e6679-7425-40de-944b-e07fc1f90ae7 --reason key_compromise --config centre.toml
    """
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415
    from provisioning.ca.authority import real_time  # noqa: PLC0415
    from provisioning.device_revocation import revoke_device  # noqa: PLC0415
    from provisioning.onboarding import opened_memory, opened_signer  # noqa: PLC0415

    settings = load_centre_settings(config, os.environ)
    with opened_signer(settings, os.environ) as signer, opened_memory(settings.ca_folder) as memory:
        serials = revoke_device(memory, device, reason, real_time())
        published = signer is not None and bool(signer.crl())
    if as_json:
        click.echo(json.dumps({"device": device, "revoked": list(serials), "crl": published}))
        return
    click.echo(f"device {device} is revoked; {len(serials)} certificate(s) ended now")
    _tell_crl(published)


@device.command("list")
@click.option("--household", help="Of this household alone.")
@config_option
@json_option
def list_devices(household: str | None, config: Path, as_json: bool) -> None:
    """Show every device: who has joined, whose certificate ends when, and who came back after its end.

    \b
    Example:
      survey device list --config centre.toml --json
    """
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415
    from provisioning.ca.authority import real_time  # noqa: PLC0415
    from provisioning.device_listing import listed_devices  # noqa: PLC0415
    from provisioning.onboarding import opened_memory  # noqa: PLC0415

    settings = load_centre_settings(config, os.environ)
    with opened_memory(settings.ca_folder) as memory:
        devices = listed_devices(memory, real_time(), household)
    if as_json:
        click.echo(json.dumps([each.to_json() for each in devices]))
        return
    for each in devices:
        click.echo(each.line())


def _tell_crl(published: bool) -> None:
    if not published:
        click.echo("crl.pem is signed anew by: survey ca crl (the gateway refuses the device already)")
