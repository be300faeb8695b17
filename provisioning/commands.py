"""`survey centre`: setting up the centre, households, accounts. (`serve` comes from the pages' package.)"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from provisioning.household_creation import CreatedHousehold

_file = click.Path(dir_okay=False, path_type=Path)
_config = click.option(
    "--config", type=_file, required=True, help="The centre's settings, for example centre.toml."
)
_json = click.option("--json", "as_json", is_flag=True, help="Answer with JSON, for scripts.")
_ROLES = ("researcher", "administrator", "analyst")


@click.group()
def centre() -> None:
    """The centre: its databases, households and accounts."""


@centre.command()
@_config
@_json
def init(config: Path, as_json: bool) -> None:
    """Create the centre's databases, the worker's account and the pseudonym key, where they are missing.

    Example: survey centre init --config centre.toml
    """
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415 - `survey --help` stays light
    from provisioning.centre_setup import set_up_centre  # noqa: PLC0415

    settings = load_centre_settings(config, os.environ)
    done: list[str] = []

    def after_step(step: str) -> None:
        done.append(step)
        if not as_json:
            click.echo(f"ready: {step}")

    with settings.admin_server() as admin:
        set_up_centre(settings, admin, after_step)
    if as_json:
        click.echo(json.dumps({"ready": done, "pseudonym_key": str(settings.pseudonym_key)}))
    else:
        click.echo(f"Keep a backup of {settings.pseudonym_key}, apart from the databases.")


@centre.command("add-household")
@click.argument("file", type=_file)
@_config
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the devices' settings; without it, `devices` beside FILE.",
)
@_json
def add_household(file: Path, config: Path, out: Path | None, as_json: bool) -> None:
    """Create the household that FILE (TOML or JSON) describes; running it again completes it.

    Example: survey centre add-household home.toml --config centre.toml
    """
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415
    from provisioning.household_creation import create_household  # noqa: PLC0415
    from provisioning.household_file import read_household_file  # noqa: PLC0415

    household = read_household_file(file)
    settings = load_centre_settings(config, os.environ)
    with settings.admin_server() as admin, settings.worker_server() as worker:
        created = create_household(
            file,
            household,
            admin=admin,
            worker=worker,
            device_url=settings.device_url or settings.url,
            out=out or file.parent / "devices",
        )
    if as_json:
        click.echo(json.dumps(_as_json(created)))
        return
    click.echo(f"household {created.ids.household}: {created.written} documents written")
    for name, meter in created.ids.meters.items():
        click.echo(f"meter     {meter}  {name}")
    for name, system in created.ids.pv_systems.items():
        click.echo(f"pv system {system}  {name}")
    for device in created.devices:
        click.echo(f"device    {device.device}  {device.name}: settings in {device.settings}")
    for document in created.left:
        click.echo(f"left as it stands, it was changed since: {document}")


@centre.command()
@click.argument("name")
@_config
@click.option(
    "--role", "roles", type=click.Choice(_ROLES), multiple=True, required=True, help="May be given again."
)
@click.option("--password-file", type=_file, help="A file of mode 600 that holds the password.")
def account(name: str, config: Path, roles: tuple[str, ...], password_file: Path | None) -> None:
    """Make or change the account NAME of a person or a page.

    The password comes from --password-file, from SURVEY_ACCOUNT_PASSWORD or is asked for.

    Example: survey centre account ada --role researcher --config centre.toml
    """
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415
    from couch.secret import Secret  # noqa: PLC0415
    from provisioning.person_accounts import PASSWORD_VARIABLE, given_password, put_person  # noqa: PLC0415

    settings = load_centre_settings(config, os.environ)
    password = given_password(password_file, os.environ.get(PASSWORD_VARIABLE))
    if password is None:
        password = Secret(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    with settings.admin_server() as admin:
        put_person(settings, admin, name, roles, password)
    click.echo(f"account {name}: {', '.join(sorted(roles))}")


def _as_json(created: "CreatedHousehold") -> dict[str, object]:
    return {
        "household": created.ids.household,
        "meters": dict(created.ids.meters),
        "pv_systems": dict(created.ids.pv_systems),
        "devices": [
            {"name": device.name, "device": device.device, "settings": str(device.settings)}
            for device in created.devices
        ],
        "written": created.written,
        "left": list(created.left),
    }
