"""`survey provision`: configurations of the programs around the survey."""

import base64
import binascii
import json
import secrets
from pathlib import Path
from typing import Any

import click

_file = click.Path(dir_okay=False, path_type=Path)
_json = click.option("--json", "as_json", is_flag=True, help="Answer with JSON, for scripts.")


@click.group()
def provision() -> None:
    """Write the configurations of nginx and CouchDB at the centre."""


@provision.command()
@click.option("--name", required=True, help="The DNS name that devices use; the certificate holds it.")
@click.option(
    "--certificate", required=True, type=_file, help="The server's certificate with its chain, PEM."
)
@click.option("--key", required=True, type=_file, help="Its key, PEM.")
@click.option(
    "--trust", required=True, type=_file, help="Whose device certificates count: trust.pem of the CA."
)
@click.option("--crl", required=True, type=_file, help="The revocation lists: crl.pem of the CA.")
@click.option("--couchdb", default="127.0.0.1:5984", show_default=True, help="CouchDB, on loopback.")
@click.option(
    "--pages", default="127.0.0.1:8090", show_default=True, help="`survey centre serve`, on loopback."
)
@click.option("--listen", default="443", show_default=True, help="Port, or address:port.")
@click.option("--log", default="/var/log/nginx/survey.log", show_default=True, type=_file, help="Access log.")
@click.option("--pages-name", help="Serve the people's pages too, under this name.")
@click.option("--pages-certificate", type=_file, help="Their certificate; without it, the devices' one.")
@click.option("--pages-key", type=_file, help="The key of that.")
@click.option(
    "--secret-file",
    required=True,
    type=_file,
    help="What the pages know nginx by; made where it is missing. The pages' settings name it too.",
)
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write."
)
@click.option("--check/--no-check", default=True, help="Ask nginx whether it takes the files.  [check]")
@_json
def nginx(secret_file: Path, out: Path, check: bool, as_json: bool, **given: Any) -> None:
    """Write nginx's configuration of the devices' door: mutual TLS, limits, the gateway's judgement.

    Example: survey provision nginx --name centre.example.org --certificate server.pem --key server.key
    --trust ca/trust.pem --crl ca/crl.pem --secret-file proxy-secret --out /etc/nginx/survey
    """
    from provisioning.nginx.site import MAIN_FILE, DoorOptions  # noqa: PLC0415 - `survey --help` stays light
    from provisioning.nginx.writing import write_door  # noqa: PLC0415

    absolute: dict[str, Any] = {
        name: value.absolute() if isinstance(value, Path) else value for name, value in given.items()
    }
    written = write_door(DoorOptions(**absolute), secret_file, out.absolute(), check=check)
    main = out.absolute() / MAIN_FILE
    if as_json:
        click.echo(json.dumps({"files": [str(path) for path in written], "include": str(main)}))
        return
    for path in written:
        click.echo(f"written: {path}")
    click.echo(f"Let nginx read it: echo 'include {main};' > /etc/nginx/conf.d/survey.conf; nginx -s reload")


@provision.command()
@click.option(
    "--jwt-key-file", required=True, type=_file, help="The gateway's key, base64; made where it is missing."
)
@click.option("--out", required=True, type=_file, help="The file to write, for example local.d/survey.ini.")
@_json
def couchdb(jwt_key_file: Path, out: Path, as_json: bool) -> None:
    """Write CouchDB's settings behind the door: on loopback, believing the gateway's tokens.

    Example: survey provision couchdb --jwt-key-file jwt-key --out /opt/couchdb/etc/local.d/survey.ini
    """
    from couch.errors import Fault  # noqa: PLC0415
    from couch.private_files import write_private  # noqa: PLC0415
    from couch.secret import secret_from_file  # noqa: PLC0415
    from provisioning.nginx.couchdb_text import couchdb_ini  # noqa: PLC0415

    write_private(jwt_key_file, base64.b64encode(secrets.token_bytes(32)).decode() + "\n", replace=False)
    key = secret_from_file(jwt_key_file)
    try:
        long_enough = len(base64.b64decode(key.reveal(), validate=True)) >= 32
    except binascii.Error:
        long_enough = False
    if not long_enough:
        raise Fault(
            f"{jwt_key_file} holds no key: base64 of 32 bytes or more. Make one: openssl rand -base64 32"
        )
    write_private(out, couchdb_ini(key))
    click.echo(json.dumps({"files": [str(out)]}) if as_json else f"written: {out} (restart CouchDB)")
