"""What the commands of `survey ca` share: options, pass phrases, the opened authority, answers."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from couch.secret import Secret
    from provisioning.ca.authority import IssuingAuthority

file_path = click.Path(dir_okay=False, path_type=Path)
folder_path = click.Path(file_okay=False, path_type=Path)
folder_option = click.option("--folder", type=folder_path, required=True, help="The authority's folder.")
json_option = click.option("--json", "as_json", is_flag=True, help="Answer with JSON, for scripts.")
passphrase_option = click.option(
    "--passphrase-file",
    type=file_path,
    help="A file of mode 600 with the pass phrase of the issuing authority; else SURVEY_CA_PASSPHRASE.",
)
root_passphrase_option = click.option(
    "--root-passphrase-file",
    type=file_path,
    help="The same for the root; else SURVEY_CA_ROOT_PASSPHRASE; else the issuing authority's.",
)
root_folder_option = click.option(
    "--root-folder", type=folder_path, help="Where the offline root was brought to; without it, FOLDER/root."
)


def both_passphrases(file: Path | None, root_file: Path | None) -> tuple["Secret", "Secret"]:
    """The issuing authority's pass phrase and the root's. Raises SettingsError."""
    from provisioning.ca.passphrase import given_passphrase, given_root_passphrase  # noqa: PLC0415

    passphrase = given_passphrase(file, os.environ)
    return passphrase, given_root_passphrase(root_file, os.environ, passphrase)


def opened_authority(folder: Path, passphrase_file: Path | None) -> "IssuingAuthority":
    """The authority in `folder`, to be closed by the caller. Raises Fault."""
    from provisioning.ca.authority import IssuingAuthority  # noqa: PLC0415
    from provisioning.ca.folder import existing_folder  # noqa: PLC0415
    from provisioning.ca.passphrase import given_passphrase  # noqa: PLC0415

    existing_folder(folder)  # before a pass phrase is asked for
    return IssuingAuthority(folder, given_passphrase(passphrase_file, os.environ))


def answer(as_json: bool, value: dict[str, Any], *lines: str) -> None:
    """Print `value` for scripts, or `lines` for people."""
    if as_json:
        click.echo(json.dumps(value))
        return
    for line in lines:
        click.echo(line)
