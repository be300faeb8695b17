"""`survey household copy|correct|erase`: the rights of the people who take part."""

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provisioning.rights.anonymizing import META

if TYPE_CHECKING:
    from couch.centre_settings import CentreSettings
    from provisioning.rights.anonymizing import Anonymizing

_FILE = click.Path(dir_okay=False, path_type=Path)
_config = click.option(
    "--config", type=_FILE, required=True, help="The centre's settings, for example centre.toml."
)
_json = click.option("--json", "as_json", is_flag=True, help="Answer with JSON, for scripts.")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _opened(config: Path) -> "tuple[CentreSettings, Anonymizing]":
    from couch.centre_settings import load_centre_settings  # noqa: PLC0415 - `survey --help` stays light

    settings = load_centre_settings(config, os.environ)
    return settings, click.get_current_context().meta[META](settings, os.environ)


def _household(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    if not _UUID.fullmatch(value):
        raise click.BadParameter("it is no household: give its uuid, in lower case with hyphens.")
    return value


_id = click.argument("household", metavar="ID", callback=_household)


@click.command()
@_id
@_config
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="A new folder, readable for you alone.",
)
@_json
def copy(household: str, config: Path, out: Path, as_json: bool) -> None:
    """Copy everything that is held about the household ID (art. 15 and 20 GDPR).

    copy.html is for the participant: in German and English, each field explained. The files beside it are for
    programs. Example:

      survey household copy 1f8f... --config centre.toml --out copy-1f8f
    """
    from couch.clock import clock_from_environment  # noqa: PLC0415
    from provisioning.rights.copying import copy_household  # noqa: PLC0415
    from provisioning.rights.household_content import HouseholdContent  # noqa: PLC0415

    settings, anonymizing = _opened(config)
    now = clock_from_environment(dict(os.environ)).now()
    with settings.admin_server() as admin:
        content = HouseholdContent(admin, household, anonymizing.pseudonyms)
        copied = copy_household(content, settings.ca_folder, out, now)
    if as_json:
        click.echo(
            json.dumps(
                {"household": household, "out": str(out), "made_at": copied.made_at, "files": copied.files}
            )
        )
        return
    for file in copied.files:
        click.echo(f"{out / file['name']}: {file['records']:,} records, {file['bytes']:,} bytes")
    click.echo("Hand it to the participant alone, and delete it here afterwards.")


@click.command()
@_id
@click.argument("file", type=_FILE)
@_config
@_json
def correct(household: str, file: Path, config: Path, as_json: bool) -> None:
    """Correct what FILE (TOML or JSON) says otherwise about the household ID (art. 16 GDPR).

    FILE holds the fields that change, for example [contact] email = "ada@example.org"; systems, meters and
    devices by uuid. When it is done no old value is left at the centre. Example:

      survey household correct 1f8f... correction.toml --config centre.toml
    """
    from provisioning.rights.correcting import correct_household  # noqa: PLC0415
    from provisioning.rights.correction_file import read_corrections  # noqa: PLC0415

    changes = read_corrections(file)
    settings, anonymizing = _opened(config)
    with settings.admin_server() as admin, settings.worker_server() as worker:
        done = correct_household(household, changes, admin=admin, worker=worker, anonymizing=anonymizing)
    if as_json:
        click.echo(json.dumps({"household": household, "corrected": list(done.documents)}))
        return
    for doc_id in done.documents or ("nothing: it said so already",):
        click.echo(f"corrected: {doc_id}")
    click.echo("No old value is left in the registry, in research and in the household's database.")
    if done.email_changed:
        click.echo("The devices' certificates get the new email when they are renewed.")


@click.command()
@_id
@_config
@click.option(
    "--yes-erase-everything", "yes", is_flag=True, help="Needed, beside the uuid that is asked for."
)
@_json
def erase(household: str, config: Path, yes: bool, as_json: bool) -> None:
    """Erase the household ID altogether, its measurements as well (art. 17 GDPR). It cannot be undone.

    A revocation keeps measurements under a pseudonym; this keeps none. The uuid is asked for once more. A
    consent that is not revoked is revoked by it, and the devices are told. Example:

      survey household erase 1f8f... --yes-erase-everything --config centre.toml
    """
    from provisioning.rights.erasing import erase_household, require_certainty  # noqa: PLC0415

    typed = (
        click.prompt("Type the household's uuid once more", default="", show_default=False, err=True)
        if yes
        else ""
    )
    require_certainty(household, typed, yes)
    settings, anonymizing = _opened(config)
    with settings.admin_server() as admin:
        done = erase_household(household, admin=admin, anonymizing=anonymizing)
    outstanding = list(done.record.outstanding)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "household": household,
                    "pseudonym": done.pseudonym,
                    "receipt": done.record.receipt,
                    "devices_to_confirm": outstanding,
                    "exports": [doc["sha256"] for doc in done.exports],
                }
            )
        )
        return
    click.echo(f"erased: household {household}, in research {done.pseudonym}")
    for device in outstanding:
        click.echo(f"told when it comes, and not confirmed yet: device {device}")
    for doc in done.exports:
        click.echo(f"tell its holder to remove {done.pseudonym}: data set {doc['sha256']} of {doc['at']}")
