"""`survey ca issue`: certificates by hand."""

from pathlib import Path
from typing import Any

import click

from provisioning.ca.command_line import (
    answer,
    file_path,
    folder_option,
    folder_path,
    json_option,
    opened_authority,
    passphrase_option,
)

_days = click.option("--days", type=click.IntRange(1, 397), help="How long it holds.")
_out = click.option("--out", type=folder_path, required=True, help="Folder for chain.pem.")


@click.group()
def issue() -> None:
    """Issue a certificate by hand; devices get theirs by enrolment."""


@issue.command("device")
@folder_option
@passphrase_option
@click.option(
    "--csr", type=file_path, required=True, help="The device's signing request; names in it are ignored."
)
@click.option("--device", required=True, help="The device's uuid.")
@click.option("--household", required=True, help="The household's uuid.")
@click.option("--email", required=True, help="The participant's email.")
@click.option("--scope", "scopes", multiple=True, help="May be given again; without it, every scope.")
@_days
@_out
@json_option
def issue_device(
    *,
    folder: Path,
    passphrase_file: Path | None,
    csr: Path,
    device: str,
    household: str,
    email: str,
    scopes: tuple[str, ...],
    days: int | None,
    out: Path,
    as_json: bool,
) -> None:
    """A device's certificate: 90 days unless said otherwise.

    Example: survey ca issue device --folder ca --csr device.csr --device UUID --household UUID
    --email ada@example.org --out device
    """
    from couch.names import SCOPES  # noqa: PLC0415
    from provisioning.ca.profile import DEVICE_LIFETIME  # noqa: PLC0415

    request = _request(csr)
    with opened_authority(folder, passphrase_file) as authority:
        chain = authority.issue_device(
            request, device, household, email, scopes or SCOPES, lifetime=_lifetime(days, DEVICE_LIFETIME)
        )
    _hand_over(out, chain, as_json)


@issue.command("farewell")
@folder_option
@passphrase_option
@click.option(
    "--csr", type=file_path, required=True, help="The device's signing request; names in it are ignored."
)
@click.option("--device", required=True, help="The device's uuid.")
@click.option("--household", required=True, help="The household's uuid.")
@click.option("--erased", is_flag=True, help="Say that the household was erased; refused without it.")
@_out
@json_option
def issue_farewell(
    *,
    folder: Path,
    passphrase_file: Path | None,
    csr: Path,
    device: str,
    household: str,
    erased: bool,
    out: Path,
    as_json: bool,
) -> None:
    """The certificate of one day by which the device of an erased household confirms the erasure.

    Example: survey ca issue farewell --folder ca --csr device.csr --device UUID --household UUID
    --erased --out device
    """
    request = _request(csr)
    with opened_authority(folder, passphrase_file) as authority:
        chain = authority.issue_farewell(request, device, household, erased=erased)
    _hand_over(out, chain, as_json)


@issue.command("server")
@folder_option
@passphrase_option
@click.option("--dns", multiple=True, required=True, help="A DNS name of the centre; may be given again.")
@click.option("--csr", type=file_path, help="A signing request; without it, OUT/key.pem is used, or made.")
@_days
@_out
@json_option
def issue_server(
    *,
    folder: Path,
    passphrase_file: Path | None,
    dns: tuple[str, ...],
    csr: Path | None,
    days: int | None,
    out: Path,
    as_json: bool,
) -> None:
    """A server's certificate: 397 days unless said otherwise. Its key has no pass phrase, only mode 600.

    Example: survey ca issue server --folder ca --dns centre.example.org --out tls
    """
    from provisioning.ca.profile import SERVER_LIFETIME  # noqa: PLC0415
    from provisioning.ca.server_identity import server_request  # noqa: PLC0415

    with opened_authority(folder, passphrase_file) as authority:
        request = server_request(out) if csr is None else _request(csr)
        chain = authority.issue_server(request, dns, _lifetime(days, SERVER_LIFETIME))
    _hand_over(out, chain, as_json)


def _lifetime(days: int | None, usual: Any) -> Any:
    from datetime import timedelta  # noqa: PLC0415

    return usual if days is None else timedelta(days=days)


def _request(path: Path) -> bytes:
    from couch.errors import Fault  # noqa: PLC0415

    try:
        return path.read_bytes()
    except OSError as err:
        why = (err.strerror or type(err).__name__).lower()
        raise Fault(f"the signing request {path} cannot be read: {why}.") from err


def _hand_over(out: Path, chain: str, as_json: bool) -> None:
    from cryptography import x509  # noqa: PLC0415

    from couch.certificate import serial_text  # noqa: PLC0415
    from couch.clock import to_rfc3339  # noqa: PLC0415
    from couch.private_files import write_private  # noqa: PLC0415

    path = out / "chain.pem"
    write_private(path, chain)
    certificate = x509.load_pem_x509_certificate(chain.encode())
    serial, ends = serial_text(certificate.serial_number), to_rfc3339(certificate.not_valid_after_utc)
    answer(
        as_json,
        {"serial": serial, "not_after": ends, "chain": str(path)},
        f"certificate {serial} until {ends}: {path}",
    )
