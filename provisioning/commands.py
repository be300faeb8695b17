"""`survey centre`: setting up the centre, accounts. (`serve` comes from the pages' package.)"""

import json
import os
from pathlib import Path

import click

_file = click.Path(dir_okay=False, path_type=Path)
_config = click.option(
    "--config", type=_file, required=True, help="The centre's settings, for example centre.toml."
)
_json = click.option("--json", "as_json", is_flag=True, help="Answer with JSON, for scripts.")
_ROLES = ("researcher", "administrator", "analyst")


@click.group()
def centre() -> None:
    """The centre: its databases and accounts."""


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


@centre.command()
@click.argument("name")
@_config
@click.option(
    "--role", "roles", type=click.Choice(_ROLES), multiple=True, required=True, help="May be given again."
)
@click.option("--password-file", type=_file, help="A file of mode 600 that holds the password.")
def account(name: str, config: Path, roles: tuple[str, ...], password_file: Path | None) -> None:
    """Make or change the database account NAME by which the centre's pages read.

    People sign in at the pages with accounts of their own: `survey account`. The password comes from
    --password-file, from SURVEY_ACCOUNT_PASSWORD or is asked for.

    Example: survey centre account pages --role researcher --role analyst --config centre.toml
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
